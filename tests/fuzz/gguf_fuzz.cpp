// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer target: any bytes opened as GGUF either fail with an error that says where, or give a file whose every part
// can be touched, and whose metadata can be written again and read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "../unit/gguf_walk.hpp"

using namespace lamina;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gguf::OpenOptions options;
  options.follow_split = false;
  const auto file = gguf::File::from_memory(std::as_bytes(std::span(data, size)), "fuzz", options);
  if (!file) {
    const Error& error = file.error();
    if (error.code == ErrorCode::Internal || error.file != "fuzz" || error.to_string().empty()) std::abort();
    if (error.offset && *error.offset > size && error.code != ErrorCode::Truncated &&
        error.code != ErrorCode::BadOffset) {
      std::abort();  // an error outside the file
    }
    return 0;
  }
  test::walk(*file);

  gguf::Writer writer(file->version(), file->byte_order(), file->alignment());
  for (const auto& [key, value] : file->metadata().entries()) writer.add(key, value);
  auto bytes = writer.to_bytes();
  if (!bytes) std::abort();
  const auto again = gguf::File::from_bytes(std::move(*bytes), "again", options);
  if (!again) std::abort();
  for (const auto& [key, value] : file->metadata().entries()) {
    const gguf::Value* copy = again->metadata().find(key);
    if (copy == nullptr || !std::ranges::equal(copy->bytes(), value.bytes())) std::abort();
  }
  return 0;
}
