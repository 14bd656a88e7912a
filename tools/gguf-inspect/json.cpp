// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything about a file as one JSON object, written as it is made.
#include <bit>
#include <cinttypes>
#include <cstdio>

#include "commands.hpp"
#include "totals.hpp"
#include "value_printer.hpp"

namespace lamina::inspect {

namespace {

// [text of each], one a line
template <class Range, class Print>
void list(const char* name, const Range& range, Print print) {
  std::printf(",\n\"%s\":[", name);
  bool first = true;
  for (const auto& item : range) {
    std::printf(first ? "\n  " : ",\n  ");
    first = false;
    print(item);
  }
  std::printf("]");
}

void print_text(std::string_view bytes) {
  const std::string json = json_text(bytes);
  std::fwrite(json.data(), 1, json.size(), stdout);
}

}  // namespace

Expected<void> print_all_json(const gguf::File& file) {
  const Total all = total(file);
  std::printf("{\"file\":");
  print_text(file.name());
  std::printf(",\n\"version\":%u,\"byte_order\":\"%s\",\"alignment\":%" PRIu64 ",\"bytes\":%" PRIu64,
              static_cast<unsigned>(file.version()), file.byte_order() == std::endian::little ? "little" : "big",
              file.alignment(), file.size());
  std::printf(",\n\"parameters\":%" PRIu64 ",\"tensor_bytes\":%" PRIu64, all.n_weights, all.n_bytes);
  list("parts", file.parts(), [](const std::string& part) { print_text(part); });
  list("warnings", file.warnings(), [](const std::string& warning) { print_text(warning); });
  list("formats", totals_by_format(file), [](const Total& t) {
    std::printf("{\"format\":");
    print_text(t.format);
    std::printf(",\"tensors\":%" PRIu64 ",\"weights\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bits_per_weight\":%s}",
                t.n_tensors, t.n_weights, t.n_bytes, json_number(t.bits_per_weight()).c_str());
  });
  list("metadata", file.metadata().entries(), [](const gguf::Entry& entry) {
    std::printf("{\"key\":");
    print_text(entry.key);
    std::printf(",\"type\":\"%s\",", std::string(to_string(entry.value.type())).c_str());
    if (entry.value.type() == gguf::ValueType::Array) {
      std::printf("\"element_type\":\"%s\",\"elements\":%" PRIu64 ",",
                  std::string(to_string(entry.value.element_type())).c_str(), entry.value.size());
    }
    std::printf("\"offset\":%" PRIu64 ",\"value\":", entry.value.offset());
    print_json(stdout, entry.value);
    std::printf("}");
  });
  list("tensors", file.tensors(), [](const gguf::TensorInfo& t) {
    std::printf("{\"name\":");
    print_text(t.name);
    std::printf(",\"format\":");
    print_text(t.type_name());
    std::printf(",\"type_id\":%u,\"part\":%u,\"offset\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"shape\":%s}",
                static_cast<unsigned>(t.type_id), static_cast<unsigned>(t.part), t.offset, t.n_bytes, shape(t).c_str());
  });
  std::printf("}\n");
  return {};
}

}  // namespace lamina::inspect
