// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes (see vnni_unpack.hpp) of formats that have Groups (unpack_groups.hpp) and no Combs.

// Integers beside a minimum are not negative.
template <class Format>
constexpr int centre_of_groups() {
  if constexpr (groups_have_minimum<Format>) {
    return 0;
  } else {
    return Groups<Format>::bound;
  }
}

template <class Format>
struct Bytes : Groups<Format> {
  static constexpr std::size_t chunk_bytes = Unpack<Format>::chunk_bytes;
  static constexpr bool has_minimum = groups_have_minimum<Format>;
  static constexpr int centre = centre_of_groups<Format>();

  LAMINA_INLINE explicit Bytes(const std::byte* chunk) : Groups<Format>(chunk) {}
  LAMINA_INLINE static __m512i join_groups(const u8x32& a, const u8x32& b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(native::raw(a.v[0])), native::raw(b.v[0]), 1);
  }
  LAMINA_INLINE __m512i two_groups(std::size_t j) const {
    const __m512i middle = _mm512_set1_epi8(static_cast<char>(centre));
    return _mm512_add_epi8(join_groups(this->group(j), this->group(j + 1)), middle);
  }
  LAMINA_INLINE void half(std::size_t h, __m512i& first, __m512i& second) const {
    even_odd(two_groups(4 * h), two_groups(4 * h + 2), first, second);
  }
};
