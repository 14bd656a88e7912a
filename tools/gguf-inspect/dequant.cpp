// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// One tensor as float32, by the scalar decoder of its format, a piece at a time: memory does not grow with the tensor.
#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "commands.hpp"
#include "common/atomic_file.hpp"
#include "lamina/quant/registry.hpp"

namespace lamina::inspect {

namespace {

template <class Format>
Expected<void> write_floats(std::span<const std::byte> blocks, bool swap, AtomicFile& out) {
  using Block = typename Format::Block;
  constexpr std::size_t at_once = std::max<std::size_t>(1, 16384 / Format::block_size);  // blocks
  std::vector<float> values(at_once * Format::block_size);
  for (std::size_t n; (n = std::min(at_once, blocks.size() / sizeof(Block))) > 0;) {
    for (std::size_t i = 0; i < n; ++i) {
      Block block;
      std::memcpy(&block, blocks.data() + i * sizeof(Block), sizeof(Block));
      if (swap) Format::byteswap(block);
      Format::dequantize(block, values.data() + i * Format::block_size);
    }
    if (auto ok = out.write_floats(std::span(values).first(n * Format::block_size)); !ok) return ok;
    blocks = blocks.subspan(n * sizeof(Block));
  }
  return {};
}

Error not_decodable(const gguf::TensorInfo& tensor) {
  const gguf::TensorType* type = gguf::tensor_type(tensor.type_id);
  if (type == nullptr || type->replaced_by.empty()) {
    return Error(ErrorCode::UnsupportedFormat, "this weight format cannot be decoded")
        .found(printable(tensor.type_name()));
  }
  return Error(ErrorCode::UnsupportedFormat, "this weight format is retired; make the file anew in its replacement")
      .wanted(std::string(type->replaced_by))
      .found(printable(tensor.type_name()));
}

}  // namespace

Expected<void> dequantize(const gguf::File& file, const std::string& name, const std::string& path) {
  const gguf::TensorInfo* tensor = file.find(name);
  if (!tensor) {
    return fail(Error(ErrorCode::MissingTensor, "the file has no such tensor").in(file.name()).about(name));
  }
  Expected<void> result = fail(not_decodable(*tensor).in(file.name()).about(name).at(tensor->offset));
  quant::visit_format<quant::AllFormats>(tensor->type_id, [&](auto format) {
    using Format = typename decltype(format)::type;
    result = [&]() -> Expected<void> {
      auto out = AtomicFile::create(path);
      if (!out) return fail(out.error());
      if (auto ok = write_floats<Format>(file.data(*tensor), file.byte_order() != std::endian::native, *out); !ok) {
        return ok;
      }
      // What was just read is only worth keeping if nobody changed the file meanwhile.
      if (auto ok = file.unchanged(); !ok) return ok;
      return out->commit();
    }();
  });
  return result;
}

}  // namespace lamina::inspect
