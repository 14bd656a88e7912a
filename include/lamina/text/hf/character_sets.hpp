// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What Oniguruma means by \w, \s, [:punct:] and \p{Name}, said as parts of PCRE2's character classes.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "lamina/text/regex.hpp"

namespace lamina::text::hf {

// One set in two writings: as what stands between brackets, the set itself and what is not in it. The latter is empty
// where no such list can be written.
struct CharacterSet {
  std::string inside, outside;
};

namespace detail {

struct NamedSet {
  std::string_view name, inside, outside;
};

inline constexpr std::string_view space_inside =
    R"(\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
inline constexpr std::string_view space_outside =
    R"(\x{0}-\x{8}\x{e}-\x{1f}!-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff})";
inline constexpr std::string_view word_inside = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
inline constexpr std::string_view word_latin = R"(\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";

// Names of Oniguruma that PCRE2 lacks or means otherwise; lower case, without spaces, hyphens and underscores.
inline constexpr NamedSet named_sets[] = {
    {"alnum", R"(\p{Alphabetic}\p{Nd})", ""},
    {"alpha", R"(\p{Alphabetic})", R"(\P{Alphabetic})"},
    {"alphabetic", R"(\p{Alphabetic})", R"(\P{Alphabetic})"},
    {"any", R"(\x{0}-\x{10ffff})", ""},
    {"ascii", R"(\x{0}-\x{7f})", R"(\x{80}-\x{10ffff})"},
    {"assigned", R"(\P{Cn})", R"(\p{Cn})"},
    {"blank", R"(\t\p{Zs})", ""},
    {"cntrl", R"(\p{Cc})", R"(\P{Cc})"},
    {"digit", R"(\p{Nd})", R"(\P{Nd})"},
    {"lower", R"(\p{Lowercase})", R"(\P{Lowercase})"},
    {"punct", R"(\p{P}\p{S})", ""},
    {"space", space_inside, space_outside},
    {"whitespace", space_inside, space_outside},
    {"upper", R"(\p{Uppercase})", R"(\P{Uppercase})"},
    {"word", word_inside, ""},
    {"xdigit", "0-9A-Fa-f", R"(\x{0}-/:-@G-`g-\x{10ffff})"},
};

struct LongName {
  std::string_view name, category;
};
inline constexpr LongName long_names[] = {
    {"other", "C"},
    {"control", "Cc"},
    {"format", "Cf"},
    {"unassigned", "Cn"},
    {"privateuse", "Co"},
    {"surrogate", "Cs"},
    {"letter", "L"},
    {"lowercaseletter", "Ll"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"titlecaseletter", "Lt"},
    {"uppercaseletter", "Lu"},
    {"mark", "M"},
    {"combiningmark", "M"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"nonspacingmark", "Mn"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"punctuation", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"closepunctuation", "Pe"},
    {"finalpunctuation", "Pf"},
    {"initialpunctuation", "Pi"},
    {"otherpunctuation", "Po"},
    {"openpunctuation", "Ps"},
    {"symbol", "S"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"mathsymbol", "Sm"},
    {"othersymbol", "So"},
    {"separator", "Z"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"spaceseparator", "Zs"},
};

inline std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

}  // namespace detail

// The set of that name in brackets, [[:name:]]. Nothing when there is none.
inline std::optional<CharacterSet> posix_set(std::string_view name) {
  if (name == "graph") return CharacterSet{R"(\x{21}-\x{7e}\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co})", ""};
  if (name == "print") return CharacterSet{R"(\x{20}-\x{7e}\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}\p{Zs})", ""};
  for (const detail::NamedSet& set : detail::named_sets) {
    if (set.name == name) return CharacterSet{std::string(set.inside), std::string(set.outside)};
  }
  return std::nullopt;
}

// The set that \p{name} stands for. Nothing when there is none, or PCRE2 has no such.
inline std::optional<CharacterSet> property_set(std::string_view name) {
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != ' ' && c != '-' && c != '_') return std::nullopt;
  }
  const std::string plain = detail::plain_name(name);
  if (plain.empty() || plain.size() > 64) return std::nullopt;
  const auto property = [](const std::string& text) { return CharacterSet{"\\p{" + text + "}", "\\P{" + text + "}"}; };
  if (plain == "punct") return property("P");  // in brackets symbols belong to it
  if (auto posix = posix_set(plain)) return posix;
  static constexpr std::string_view categories =
      " c cc cf cn co cs l ll lm lo lt lu m mc me mn n nd nl no "
      "p pc pd pe pf pi po ps s sc sk sm so z zl zp zs ";
  if (plain.size() <= 2 && categories.find(" " + plain + " ") != std::string_view::npos) {
    std::string proper = plain;
    proper[0] = static_cast<char>(proper[0] - 'a' + 'A');
    return property(proper);
  }
  for (const detail::LongName& each : detail::long_names) {
    if (each.name == plain) return property(std::string(each.category));
  }
  // A script by itself, not its extensions; or a property that a character has or has not.
  for (const std::string& text : {"sc:" + plain, plain}) {
    if (Regex::compile("\\p{" + text + "}")) return property(text);
  }
  return std::nullopt;
}

}  // namespace lamina::text::hf
