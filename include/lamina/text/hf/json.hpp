// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// A JSON document as one flat list of values in the order of the file, with all strings in one buffer: no pointers, no
// recursion, memory in proportion to the file. Readers ask for what they need by name; the first thing that is not as
// asked is kept as the document's problem, with its path ("model.merges[12]"), and the readers go on with empty values.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/core/error.hpp"

namespace lamina::text::hf {

enum class JsonKind : std::uint8_t { null, boolean, natural, integer, real, string, array, object };

struct JsonNode {
  JsonKind kind = JsonKind::null;
  std::uint32_t next = 0;  // the value after this one and all that is inside it
  union {
    bool boolean;
    std::uint64_t natural = 0;
    double real;  // also of an integer below zero
    struct {
      std::uint32_t begin, length;
    } string;  // bytes in the buffer
  };
};

class JsonDocument {
 public:
  static constexpr std::size_t max_depth = 512;
  static constexpr std::size_t max_bytes = std::size_t{1} << 30;

  // `name` is for errors. Errors: BadTokenizer.
  static Expected<JsonDocument> parse(std::string_view bytes, std::string_view name);

  const std::string& name() const { return name_; }
  // The strings that values are views of; shared by those who keep such views.
  std::shared_ptr<const std::string> strings() const { return strings_; }
  const JsonNode& node(std::uint32_t at) const { return nodes_[at]; }
  std::string_view text(const JsonNode& node) const {
    return std::string_view(*strings_).substr(node.string.begin, node.string.length);
  }

  bool failed() const { return problem_.has_value(); }
  Error take_problem() { return std::move(*problem_); }
  void complain(Error error) {
    if (!problem_) problem_ = std::move(error).in(name_);
  }

 private:
  class Builder;

  std::string name_;
  std::shared_ptr<const std::string> strings_;
  std::vector<JsonNode> nodes_;
  std::optional<Error> problem_;
};

// Takes nlohmann's events; false stops it.
class JsonDocument::Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<JsonNode> nodes;
  std::string strings;
  std::string problem;
  std::uint64_t offset = 0;  // of the problem, bytes

  bool null() override { return add({}); }
  bool boolean(bool value) override {
    JsonNode node{JsonKind::boolean, 0, {}};
    node.boolean = value;
    return add(node);
  }
  bool number_integer(std::int64_t value) override { return add_real(JsonKind::integer, static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) override {
    JsonNode node{JsonKind::natural, 0, {}};
    node.natural = value;
    return add(node);
  }
  bool number_float(double value, const std::string& text) override {
    return add_real(JsonKind::real, as_serde_reads(text).value_or(value));
  }
  bool string(std::string& value) override { return add_string(value); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool key(std::string& value) override { return add_string(value); }
  bool start_object(std::size_t) override { return open(JsonKind::object); }
  bool start_array(std::size_t) override { return open(JsonKind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    offset = position == 0 ? 0 : position - 1;
    problem = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 9: ..." in nlohmann's own words.
    if (const std::size_t end = problem.find("] "); problem.starts_with('[') && end != std::string::npos) {
      problem.erase(0, end + 2);
    }
    return false;
  }

 private:
  bool add(JsonNode node) {
    node.next = static_cast<std::uint32_t>(nodes.size() + 1);
    nodes.push_back(node);
    return true;
  }
  // The library reads numbers with serde_json, which is sometimes one bit off: the digits as a whole number, rounded,
  // times or by a power of ten, rounded again. Scores of equal ways to cut a word are told apart by such bits.
  static std::optional<double> as_serde_reads(std::string_view text) {
    std::uint64_t digits = 0;
    int exponent = 0;
    std::size_t at = text.starts_with('-') ? 1 : 0;
    for (bool point = false; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
      if (text[at] == '.') {
        point = true;
        continue;
      }
      const auto digit = static_cast<std::uint64_t>(text[at] - '0');
      if (digits > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
      digits = digits * 10 + digit;
      exponent -= point ? 1 : 0;
    }
    if (at < text.size()) {
      const std::string_view power = text.substr(at + 1);
      int given = 0;
      for (const char c : power) {
        if (c >= '0' && c <= '9' && given < 1000) given = given * 10 + (c - '0');
      }
      exponent += power.starts_with('-') ? -given : given;
    }
    if (exponent < -308 || exponent > 308) return std::nullopt;
    const auto whole = static_cast<double>(digits);
    const double power = power_of_ten(exponent < 0 ? -exponent : exponent);
    const double value = exponent < 0 ? whole / power : whole * power;
    return text.starts_with('-') ? -value : value;
  }
  static double power_of_ten(int n) {
    const std::string text = "1e" + std::to_string(n);
    double value = 1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  bool add_real(JsonKind kind, double value) {
    JsonNode node{kind, 0, {}};
    node.real = value;
    return add(node);
  }
  bool add_string(std::string_view value) {
    JsonNode node{JsonKind::string, 0, {}};
    node.string = {static_cast<std::uint32_t>(strings.size()), static_cast<std::uint32_t>(value.size())};
    strings += value;
    return add(node);
  }
  bool open(JsonKind kind) {
    if (open_.size() == max_depth) {
      problem = "nested deeper than " + std::to_string(max_depth) + " levels";
      return false;
    }
    open_.push_back(static_cast<std::uint32_t>(nodes.size()));
    return add({kind, 0, {}});
  }
  bool close() {
    nodes[open_.back()].next = static_cast<std::uint32_t>(nodes.size());
    open_.pop_back();
    return true;
  }

  std::vector<std::uint32_t> open_;
};

inline Expected<JsonDocument> JsonDocument::parse(std::string_view bytes, std::string_view name) {
  JsonDocument document;
  document.name_ = name;
  const auto refuse = [&](std::string message) {
    return Error(ErrorCode::BadTokenizer, std::move(message)).in(name).about("json");
  };
  if (bytes.size() > max_bytes) {
    return fail(refuse("the file is too large for a tokenizer")
                    .wanted("at most " + std::to_string(max_bytes) + " bytes")
                    .found(std::to_string(bytes.size())));
  }
  Builder builder;
  if (!nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &builder)) {
    return fail(refuse(printable(builder.problem, 300)).at(builder.offset));
  }
  document.nodes_ = std::move(builder.nodes);
  document.strings_ = std::make_shared<const std::string>(std::move(builder.strings));
  return document;
}

// A value in a document, and the way to it. It must not outlive the value it was asked from.
class Json {
 public:
  explicit Json(JsonDocument& document) : document_(&document) {}

  JsonKind kind() const { return node().kind; }
  bool is(JsonKind kind) const { return node().kind == kind; }
  JsonDocument& document() const { return *document_; }

  // The field of that name; of several the last. Nothing when this is no object or the field is null.
  std::optional<Json> find(std::string_view name) const {
    auto field = find_even_null(name);
    return field && !field->is(JsonKind::null) ? field : std::nullopt;
  }
  // The field, or a complaint that it is missing.
  std::optional<Json> need(std::string_view name) const {
    auto field = find(name);
    if (!field) child(at_, name).complain("missing");
    return field;
  }

  // Calls f(Json) for each element, or complains that this is no array.
  template <class F>
  void for_each_element(F&& f) const {
    if (!expect(JsonKind::array, "an array")) return;
    std::size_t i = 0;
    for (std::uint32_t at = at_ + 1; at != node().next; at = document_->node(at).next) {
      f(Json(document_, at, this, {}, i++));
    }
  }
  // Calls f(key, Json) for each field, or complains that this is no object.
  template <class F>
  void for_each_field(F&& f) const {
    if (!expect(JsonKind::object, "an object")) return;
    for (std::uint32_t at = at_ + 1; at != node().next; at = document_->node(at + 1).next) {
      const std::string_view key = document_->text(document_->node(at));
      f(key, child(at + 1, key));
    }
  }
  std::size_t n_elements() const {
    std::size_t n = 0;
    for (std::uint32_t at = at_ + 1; at < node().next; at = document_->node(at).next) ++n;
    return is(JsonKind::object) ? n / 2 : n;
  }

  // The value, or a complaint and an empty one.
  std::string_view string() const {
    return expect(JsonKind::string, "a string") ? document_->text(node()) : std::string_view();
  }
  bool boolean() const { return expect(JsonKind::boolean, "true or false") && node().boolean; }
  std::uint64_t natural(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
    if (!expect(JsonKind::natural, "a whole number, not below zero")) return 0;
    if (node().natural <= most) return node().natural;
    complain("the number is too large", "at most " + std::to_string(most), std::to_string(node().natural));
    return 0;
  }
  double number() const {
    if (is(JsonKind::natural)) return static_cast<double>(node().natural);
    if (is(JsonKind::integer) || is(JsonKind::real)) return node().real;
    expect(JsonKind::real, "a number");
    return 0;
  }

  // Fields of simple kinds. Without a default the field has to be there.
  std::string_view string(std::string_view name, std::optional<std::string_view> absent = std::nullopt) const {
    return simple(name, absent, [](const Json& field) { return field.string(); });
  }
  bool boolean(std::string_view name, std::optional<bool> absent = std::nullopt) const {
    return simple(name, absent, [](const Json& field) { return field.boolean(); });
  }
  std::uint64_t natural(std::string_view name, std::uint64_t most,
                        std::optional<std::uint64_t> absent = std::nullopt) const {
    return simple(name, absent, [&](const Json& field) { return field.natural(most); });
  }

  void complain(std::string message, std::string wanted = {}, std::string found = {}) const {
    document_->complain(Error(ErrorCode::BadTokenizer, std::move(message))
                            .about(path())
                            .wanted(std::move(wanted))
                            .found(std::move(found)));
  }
  // That the string here is none of the names known.
  void complain_unknown(std::string_view what, std::string known) const {
    const std::string_view text = is(JsonKind::string) ? document_->text(node()) : std::string_view();
    complain("no such " + std::string(what), std::move(known), "\"" + printable(text, 40) + "\"");
  }

  std::string path() const {
    if (up_ == nullptr) return "json";
    const std::string before = up_->up_ == nullptr ? "" : up_->path();
    if (up_->is(JsonKind::array)) return before + "[" + std::to_string(index_) + "]";
    return before + (before.empty() ? "" : ".") + printable(key_, 40);
  }

 private:
  Json(JsonDocument* document, std::uint32_t at, const Json* up, std::string_view key, std::size_t index)
      : document_(document), at_(at), up_(up), key_(key), index_(index) {}

  const JsonNode& node() const { return document_->node(at_); }
  Json child(std::uint32_t at, std::string_view key) const { return Json(document_, at, this, key, 0); }

  std::optional<Json> find_even_null(std::string_view name) const {
    std::optional<Json> found;
    if (!is(JsonKind::object)) return found;
    for (std::uint32_t at = at_ + 1; at != node().next; at = document_->node(at + 1).next) {
      if (document_->text(document_->node(at)) == name) found = child(at + 1, name);
    }
    return found;
  }

  bool expect(JsonKind kind, std::string_view what) const {
    if (is(kind)) return true;
    static constexpr std::string_view names[] = {"null",     "true or false", "a whole number", "a negative number",
                                                 "a number", "a string",      "an array",       "an object"};
    complain("a value of the wrong kind", std::string(what), std::string(names[static_cast<std::size_t>(node().kind)]));
    return false;
  }

  template <class T, class Read>
  T simple(std::string_view name, const std::optional<T>& absent, Read&& read) const {
    const auto field = absent ? find(name) : need(name);
    if (field) return read(*field);
    return absent.value_or(T{});
  }

  JsonDocument* document_;
  std::uint32_t at_ = 0;
  const Json* up_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
};

}  // namespace lamina::text::hf
