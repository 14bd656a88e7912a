// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// SentencePiece's charsmap as the library applies it: to one grapheme after the other, and if that is long or not in
// the map, to its characters. Of the keys that a piece begins with the shortest counts, and the whole piece is
// replaced.
#pragma once

#include <utf8proc.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/core/error.hpp"
#include "lamina/text/charsmap.hpp"
#include "lamina/text/hf/base64.hpp"
#include "lamina/text/hf/json.hpp"
#include "lamina/text/hf/text.hpp"
#include "lamina/text/utf8.hpp"

namespace lamina::text::hf {

class PrecompiledNormalizer {
 public:
  static std::optional<PrecompiledNormalizer> read(const Json& json) {
    const auto field = json.need("precompiled_charsmap");
    if (!field) return std::nullopt;
    const auto bytes = decode_base64(field->string());
    if (!bytes) {
      field->complain("not Base64");
      return std::nullopt;
    }
    const std::string_view all(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    auto map = Charsmap::make(*bytes);
    if (!map) {
      field->complain(std::move(map.error().message), map.error().expected, map.error().got);
      return std::nullopt;
    }
    std::size_t n_trie = 0;  // bytes
    for (std::size_t i = 4; i-- > 0;) n_trie = n_trie << 8 | static_cast<unsigned char>(all[i]);
    if (!utf8_valid(all.substr(4 + n_trie))) {
      field->complain("the replacements are no UTF-8");
      return std::nullopt;
    }
    return PrecompiledNormalizer(std::move(*map));
  }

  Expected<void> operator()(Text& text) const {
    std::string changed = text.bytes;  // the changes of characters count only if there was one
    Text result{std::move(changed), text.first, text.limit};
    bool modified = false;
    {
      Changes changes(result);
      for (std::string_view rest = text.bytes; !rest.empty();) {
        const std::size_t length = grapheme(rest);
        modified = piece(rest.substr(0, length), changes) || modified;
        rest.remove_prefix(length);
        if (result.bytes.size() > text.limit) return fail(grown_too_large(text.limit));
      }
      changes.flush();
    }
    if (modified) text = std::move(result);
    return {};
  }

 private:
  explicit PrecompiledNormalizer(Charsmap map) : map_(std::move(map)) {}

  // Characters with how many old ones each stands for, the last held back since it may yet take more.
  class Changes {
   public:
    explicit Changes(Text& text) : out_(text) {}
    void put(std::string_view character, std::ptrdiff_t change) {
      flush();
      held_ = character;
      change_ = change;
    }
    void take(std::ptrdiff_t more) { change_ += more; }
    void flush() {
      if (!held_.empty()) out_.put(held_, change_);
      held_.clear();
    }

   private:
    Rewriter out_;
    std::string held_;
    std::ptrdiff_t change_ = 0;
  };

  bool piece(std::string_view grapheme, Changes& out) const {
    if (grapheme.size() < 6) {
      if (const auto found = shortest(grapheme)) {
        replace(grapheme, *found, out);
        return true;
      }
    }
    bool modified = false;
    for (; !grapheme.empty();) {
      const std::string_view c = grapheme.substr(0, first_code_point(grapheme).length);
      grapheme.remove_prefix(c.size());
      if (const auto found = shortest(c)) {
        replace(c, *found, out);
        modified = true;
      } else {
        out.put(c, 0);
      }
    }
    return modified;
  }

  // A replacement that begins inside a character is none.
  std::optional<std::string_view> shortest(std::string_view text) const {
    const auto found = map_.shortest(text);
    return found && utf8_valid(found->text) ? std::optional(found->text) : std::nullopt;
  }

  static void replace(std::string_view old, std::string_view text, Changes& out) {
    const std::size_t n_old = count_code_points(old), n_new = count_code_points(text);
    for (std::size_t i = 0; !text.empty(); ++i) {
      const std::size_t length = first_code_point(text).length;
      out.put(text.substr(0, length), i < n_old ? 0 : 1);
      text.remove_prefix(length);
    }
    if (n_new < n_old) out.take(static_cast<std::ptrdiff_t>(n_new) - static_cast<std::ptrdiff_t>(n_old));
  }

  // Bytes of the user-perceived character at the start of `text` (not empty).
  static std::size_t grapheme(std::string_view text) {
    CodePoint c = first_code_point(text);
    std::size_t length = c.length;
    utf8proc_int32_t state = 0;
    while (length < text.size()) {
      const CodePoint next = first_code_point(text.substr(length));
      if (c.value < 0x80 && next.value < 0x80 && c.value != '\r') break;
      if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(c.value),
                                           static_cast<utf8proc_int32_t>(next.value), &state)) {
        break;
      }
      length += next.length;
      c = next;
    }
    return length;
  }

  Charsmap map_;
};

}  // namespace lamina::text::hf
