// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What all panels share: rows of weights are decoded 16 at a time, into records that lie one after the other.

// With eight bits a group is fine all the same when their error, which grows with the group's largest value, would be
// far above that of the row's other groups: eight bits cannot hold the few large activations of real models beside
// small ones.
inline constexpr float fine_ratio = 4.0f;  // of the mean of the squares of the groups' largest values

// Chunks [begin, end) of 16 rows from `row` on, of which `n_rows` exist → the records of their groups, one after the
// other. Packer says what a chunk and a record are. Rows past the end repeat the last one and are not stored later.
template <class Packer>
void pack_strip(const MatmulArgs& a, std::size_t row, std::size_t n_rows, std::size_t begin, std::size_t end,
                std::byte* records) {
  using Format = typename Packer::Weights;
  const std::byte* chunks[16];
  const std::size_t n_chunks = a.k / 256;
  for (std::size_t c = begin; c < end && c < n_chunks; ++c) {
    for (std::size_t r = 0; r < 16; ++r) {
      const std::size_t held = r < n_rows ? r : n_rows - 1;
      chunks[r] = a.weights + (row + held) * a.row_bytes + c * Packer::chunk_bytes;
      // Rows follow each other in memory, so the next 16 lie at the same places further on.
      const std::byte* next = chunks[r] + 16 * a.row_bytes;
      for (std::size_t line = 0; line < Packer::chunk_bytes; line += 64) __builtin_prefetch(next + line, 0, 2);
    }
    Packer::pack(chunks, 8, records + 8 * (c - begin) * Packer::record_bytes);
  }
  if constexpr (Format::block_size < 256) {
    if (const std::size_t rest = a.k % 256; rest != 0 && end > n_chunks) {
      // The row may end where memory ends, so its last blocks are read from a copy.
      alignas(64) std::byte last[16][Packer::chunk_bytes] = {};
      for (std::size_t r = 0; r < 16; ++r) {
        const std::size_t held = r < n_rows ? r : n_rows - 1;
        std::memcpy(last[r], a.weights + (row + held) * a.row_bytes + n_chunks * Packer::chunk_bytes,
                    rest / Format::block_size * sizeof(typename Format::Block));
        chunks[r] = last[r];
      }
      Packer::pack(chunks, (rest + 31) / 32, records + 8 * (n_chunks - begin) * Packer::record_bytes);
    }
  }
}
