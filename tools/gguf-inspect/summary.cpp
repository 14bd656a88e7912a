// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The readable views: the summary and the table of tensors.
#include <bit>
#include <cinttypes>
#include <cstdio>

#include "commands.hpp"
#include "common/cli.hpp"
#include "totals.hpp"
#include "value_printer.hpp"

namespace lamina::inspect {

namespace {

void field(const cli::Style& style, const char* name, const std::string& value) {
  std::printf("%s  %s\n", style.bold(std::string(name) + std::string(14 - std::string_view(name).size(), ' ')).c_str(),
              value.c_str());
}

std::string type_of(const gguf::Value& v) {
  std::string name(to_string(v.type()));
  if (v.type() != gguf::ValueType::Array) return name;
  return std::string(to_string(v.element_type())) + "[" + std::to_string(v.size()) + "]";
}

std::string exact(std::uint64_t n) { return cli::bytes(n) + " (" + std::to_string(n) + " bytes)"; }

}  // namespace

Expected<void> print_summary(const gguf::File& file) {
  const cli::Style style(stdout);
  const Total all = total(file);
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    const gguf::Value* v = file.metadata().find(key);
    const auto s = v ? v->string() : std::nullopt;
    return s ? printable(*s) : std::string(otherwise);
  };

  field(style, "file", printable(file.name(), 4096));
  if (file.parts().size() > 1) {
    field(style, "parts", std::to_string(file.parts().size()));
    for (const auto& part : file.parts()) field(style, "", printable(part, 4096));
  }
  field(style, "format",
        "GGUF version " + std::to_string(file.version()) + ", " +
            (file.byte_order() == std::endian::little ? "little-endian" : "big-endian") + ", tensors aligned to " +
            std::to_string(file.alignment()) + " bytes");
  field(style, "size", exact(file.size()));
  field(style, "architecture", text("general.architecture", "not named"));
  field(style, "name", text("general.name", "not named"));
  field(style, "parameters", cli::count(all.n_weights));
  field(style, "tensors", std::to_string(all.n_tensors) + ", " + exact(all.n_bytes));
  for (const auto& warning : file.warnings()) {
    std::printf("%s\n", style.warning("warning: " + printable(warning, 4096)).c_str());
  }

  std::printf("\n%s\n", style.bold("format      tensors         weights            bytes   bits/weight").c_str());
  for (const Total& t : totals_by_format(file)) {
    std::printf("%-10s %8" PRIu64 " %15" PRIu64 " %16" PRIu64 "  %12.4f\n", printable(t.format).c_str(), t.n_tensors,
                t.n_weights, t.n_bytes, t.bits_per_weight());
  }

  std::printf("\n%s\n", style.bold("metadata (" + std::to_string(file.metadata().entries().size()) + ")").c_str());
  for (const auto& [key, value] : file.metadata().entries()) {
    std::printf("%-44s %s = %s\n", printable(key).c_str(), style.dim(type_of(value)).c_str(),
                one_line(value, 8, 64).c_str());
  }
  return {};
}

Expected<void> print_tensors(const gguf::File& file) {
  const cli::Style style(stdout);
  std::printf("%s\n",
              style
                  .bold("name                                     format     part           offset            bytes  "
                        "shape (fastest first)")
                  .c_str());
  for (const auto& t : file.tensors()) {
    std::printf("%-40s %-10s %4u %16" PRIu64 " %16" PRIu64 "  %s\n", printable(t.name).c_str(),
                printable(t.type_name()).c_str(), static_cast<unsigned>(t.part), t.offset, t.n_bytes, shape(t).c_str());
  }
  return {};
}

// The whole value: text as it stands when it is harmless on a terminal, everything else on one line.
Expected<void> print_value(const gguf::File& file, const std::string& key, bool json) {
  const gguf::Value* value = file.metadata().find(key);
  if (!value) {
    return fail(Error(ErrorCode::MissingKey, "the file has no such metadata key").in(file.name()).about(key));
  }
  if (json) {
    print_json(stdout, *value);
    std::printf("\n");
    return {};
  }
  if (const auto s = value->string()) {
    const auto harmless = [](char c) {
      return c == '\n' || c == '\t' || !(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
    };
    const bool as_is = is_text(*s) && std::ranges::all_of(*s, harmless);
    std::printf("%s\n", as_is ? std::string(*s).c_str() : printable(*s, s->size()).c_str());
    return {};
  }
  std::printf("%s\n", one_line(*value, no_limit, std::string::npos).c_str());
  return {};
}

}  // namespace lamina::inspect
