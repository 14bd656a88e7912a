// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Models of a given shape with random weights, made in memory as complete GGUF files: `synth:llama-1.1b:Q4_0`, or with
// two layers `synth:llama-1.1b/2:Q4_0`. Speed does not depend on what the weights say, so nobody has to download
// anything to measure it. Which tensors there are follows from the family's list of layers, as when a file is bound.
//
// A pool of random normal weights goes through the format's own quantiser once; tensors are then filled with random
// picks from the pool. So every format of the registry works, all blocks are ones that real files could hold, and a
// gigabyte takes less than a second.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <fstream>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "common/synth_format.hpp"
#include "common/synth_shapes.hpp"
#include "lamina/core/error.hpp"
#include "lamina/core/memory.hpp"
#include "lamina/core/team.hpp"
#include "lamina/gguf/atomic_file.hpp"
#include "lamina/gguf/encoder.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/quant/encoder.hpp"
#include "lamina/quant/registry.hpp"
#include "lamina/runtime/families.hpp"
#include "lamina/runtime/sampler_random.hpp"
#include "lamina/runtime/structure.hpp"

namespace lamina::bench {

// Must outlive what is loaded from `file`, which points into `bytes`.
struct SynthModel {
  AlignedBuffer<std::byte> bytes;
  gguf::File file;
  std::string note;  // for people: how it differs from what was asked for; or empty

  Expected<void> write(const std::string& path) const {
    return guarded([&]() -> Expected<void> {
      auto out = gguf::AtomicFile::create(path);
      if (!out) return fail(std::move(out.error()));
      if (auto ok = out->write({bytes.data(), bytes.size()}); !ok) return ok;
      return out->commit();
    });
  }
};

// Random weights of one format and spread: [pool_granules][granule] weights.
struct SynthPool {
  static constexpr std::size_t granule = 256;  // weights, a multiple of every block size
  static constexpr std::size_t n_granules = 512;

  std::uint32_t type_id;
  float sigma;  // standard deviation of the weights
  std::size_t granule_bytes;
  std::vector<std::byte> bytes;

  SynthPool(std::uint32_t id, float spread) : type_id(id), sigma(spread) {
    std::vector<float> weights(n_granules * granule);
    Random random(id);
    for (std::size_t i = 0; i < weights.size(); i += 2) {  // Box–Muller
      const double radius = spread * std::sqrt(-2 * std::log(1 - random.uniform()));
      const double angle = 2 * std::numbers::pi * random.uniform();
      weights[i] = static_cast<float>(radius * std::cos(angle));
      weights[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
    quant::visit_format(id, [&](auto type) {
      using Format = typename decltype(type)::type;
      static_assert(granule % Format::block_size == 0);
      granule_bytes = granule / Format::block_size * sizeof(typename Format::Block);
      bytes.resize(n_granules * granule_bytes);
      quant::Encoder<quant::AllFormats>::quantize_row(id, weights.data(), weights.size(), bytes.data());
    });
  }

  void fill(std::span<std::byte> out, std::uint64_t seed) const {
    Random random(seed);
    for (std::size_t at = 0; at < out.size(); at += granule_bytes) {
      const std::size_t pick = random.below(n_granules);
      std::memcpy(out.data() + at, bytes.data() + pick * granule_bytes, std::min(granule_bytes, out.size() - at));
    }
  }
};

class SynthBuilder {
 public:
  // n_layers: at most those of the shape, which must outlive the builder.
  SynthBuilder(const SynthShape& shape, std::uint32_t n_layers, const SynthFormat& format)
      : shape_(shape), n_layers_(n_layers), format_(format) {}

  // Errors: BadArgument for a shape that its family cannot read; OutOfMemory.
  Expected<SynthModel> build(const std::string& name, std::size_t n_threads) {
    if (auto ok = list_tensors(name); !ok) return fail(std::move(ok.error()));
    const gguf::Encoder head = header(name);
    if (auto ok = check_memory(name, head.bytes().size() + data_bytes_); !ok) return fail(std::move(ok.error()));
    auto buffer = AlignedBuffer<std::byte>::make(head.bytes().size() + data_bytes_);
    if (!buffer) return fail(std::move(buffer.error()));
    std::memcpy(buffer->data(), head.bytes().data(), head.bytes().size());
    if (auto ok = fill({buffer->data() + head.bytes().size(), data_bytes_}, n_threads); !ok) {
      return fail(std::move(ok.error()));
    }
    auto file = gguf::File::from_memory({buffer->data(), buffer->size()}, name);
    if (!file) return fail(std::move(file.error()));
    return SynthModel{std::move(*buffer), std::move(*file), note_};
  }

 private:
  static constexpr std::uint64_t alignment = 32;    // bytes, GGUF's default
  static constexpr std::size_t chunk = 512 * 1024;  // weights filled at a time

  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> dims;
    std::uint32_t type_id;
    const SynthPool* pool;  // null: a norm, all ones
    std::size_t offset;     // bytes, from the first tensor
    std::size_t n_weights;
  };

  // The family's layers say what there is; the shape, which of the optional ones.
  Expected<void> list_tensors(const std::string& name) {
    const FamilyInfo* family = find_family(families(), shape_.family);
    if (family == nullptr) return fail(unknown_family(families(), shape_.family).about(name));
    const gguf::Encoder head = header(name);  // without tensors so far
    auto bare = gguf::File::from_memory(head.bytes(), name);
    if (!bare) return fail(std::move(bare.error()));
    auto hparams = family->hparams(*bare, shape_.n_vocab);
    if (!hparams) return fail(std::move(hparams.error()));
    SynthTypes types(format_, {.architecture = shape_.family,
                               .n_layers = n_layers_,
                               .n_group = hparams->n_head / std::max<std::size_t>(1, hparams->n_head_kv),
                               .n_experts = hparams->n_expert,
                               .tied = !has("output.weight")});
    const LayerNode layers = family->layers();
    const runtime::HparamReader in(*bare, shape_.family);
    const auto each = [&](const LayerNode& node, std::size_t layer) -> Expected<void> {
      for (const nn::TensorSpec& spec : node.tensors) add(spec, layer, *hparams, types);
      return {};
    };
    if (auto ok = runtime::walk(layers, in, n_layers_, each); !ok) return ok;
    note_ = types.replaced();
    if (n_layers_ != shape_.n_layers) {
      note_ = std::to_string(n_layers_) + " of its " + std::to_string(shape_.n_layers) + " layers" +
              (note_.empty() ? "" : "; ") + note_;
    }
    return {};
  }

  bool has(std::string_view name) const { return std::ranges::find(shape_.with, name) != shape_.with.end(); }

  void add(const nn::TensorSpec& spec, std::size_t layer, const Hparams& h, SynthTypes& types) {
    const bool left_out = spec.presence == nn::Presence::Optional || !spec.tied_to.empty();
    if (left_out && !has(spec.name)) return;
    const bool fused = shape_.fused && !spec.fused.name.empty();
    const bool vector = spec.rows == nn::Size::One && spec.depth == nn::Size::One;
    const std::string name = runtime::full_name(spec, fused ? spec.fused.name : spec.name, layer);
    if (!names_.insert(name).second) return;  // another part of a fused tensor, or one for all layers
    std::vector<std::uint64_t> dims = {h.size(fused && vector ? spec.fused.rows : spec.columns)};
    if (!vector) dims.push_back(h.size(fused ? spec.fused.rows : spec.rows));
    if (spec.depth != nn::Size::One) dims.push_back(h.size(spec.depth));
    std::uint64_t n_weights = 1;
    for (const std::uint64_t d : dims) n_weights *= d;
    if (name.ends_with("norm.weight") || name.ends_with("norm_2.weight")) {
      return append({name, std::move(dims), quant::F32::type_id, nullptr, 0, n_weights});
    }
    std::uint32_t type_id = quant::F32::type_id;
    if (quant::is_quantised(name, dims.size())) {
      type_id = types.next(name, dims[0], dims.size() > 2 ? dims[2] : 1,
                           layer == runtime::no_layer ? std::nullopt : std::optional(layer));
    }
    // Sums over a row of inputs of size 1 then have size 1; embeddings are inputs themselves. What is added to sums is
    // smaller than they are.
    const float sigma = dims.size() == 1 || spec.use == nn::Use::Floats ? 0.1f
                        : name == "token_embd.weight"                   ? 1.0f
                                                                        : 1.0f / std::sqrt(static_cast<float>(dims[0]));
    append({name, std::move(dims), type_id, &pool(type_id, sigma), 0, n_weights});
  }

  // Memory that is promised and not there ends a process without a word.
  static Expected<void> check_memory(const std::string& name, std::uint64_t bytes) {
    std::ifstream file("/proc/meminfo");
    for (std::string key, unit; file >> key;) {
      std::uint64_t kib = 0;
      if (!(file >> kib)) return {};
      std::getline(file, unit);
      if (key != "MemAvailable:" || bytes / 1024 <= kib) continue;
      return fail(Error(ErrorCode::OutOfMemory, "the model is larger than the free memory; SHAPE/N has N layers only")
                      .about(name)
                      .wanted(std::to_string(bytes >> 20) + " MiB")
                      .found(std::to_string(kib >> 10) + " MiB"));
    }
    return {};
  }

  void append(Tensor tensor) {
    const gguf::TensorType& type = *gguf::tensor_type(tensor.type_id);
    tensor.offset = data_bytes_;
    data_bytes_ += round_up(tensor.n_weights / type.block_size * type.block_bytes, alignment);
    tensors_.push_back(std::move(tensor));
  }

  const SynthPool& pool(std::uint32_t type_id, float sigma) {
    for (const SynthPool& each : pools_) {
      if (each.type_id == type_id && each.sigma == sigma) return each;
    }
    return pools_.emplace_back(type_id, sigma);
  }

  // A SentencePiece-like vocabulary: <unk>, <s>, </s>, the 256 bytes, then "a" … "z", "aa" …, with and without a space
  // before, scores falling with the id.
  struct Vocabulary {
    std::vector<std::string> tokens;
    std::vector<float> scores;
    std::vector<std::int32_t> types;

    explicit Vocabulary(std::size_t n) {
      enum : std::int32_t { Normal = 1, Unknown = 2, Control = 3, Byte = 6 };  // tokenizer.ggml.token_type
      add("<unk>", 0, Unknown);
      add("<s>", 0, Control);
      add("</s>", 0, Control);
      for (unsigned byte = 0; byte < 256; ++byte) {
        static constexpr char hex[] = "0123456789ABCDEF";
        add({'<', '0', 'x', hex[byte >> 4], hex[byte & 15], '>'}, 0, Byte);
      }
      add("\u2581", -1, Normal);
      for (std::size_t word = 0; tokens.size() < n; ++word) {
        std::string letters;
        for (std::size_t rest = word + 1; rest > 0; rest = (rest - 1) / 26) {
          letters += static_cast<char>('a' + (rest - 1) % 26);
        }
        const float score = -2 - static_cast<float>(word);
        add("\u2581" + letters, score, Normal);
        if (tokens.size() < n) add(letters, score - 0.5f, Normal);
      }
    }
    void add(std::string text, float score, std::int32_t type) {
      tokens.push_back(std::move(text));
      scores.push_back(score);
      types.push_back(type);
    }
  };

  gguf::Encoder header(const std::string& name) const {
    const gguf::Encoding encoding{std::endian::native, 8};
    gguf::Encoder entries(encoding);
    std::uint64_t n_entries = 0;
    const auto add = [&](std::string_view key, const auto& value) {
      entries.string(key);
      entries.number(static_cast<std::uint32_t>(gguf::Encoder::type_of(value)));
      entries.payload(value);
      ++n_entries;
    };
    add("general.architecture", shape_.family);
    add("general.name", name);
    if (format_.file_type) add("general.file_type", *format_.file_type);
    add("general.quantization_version", std::uint32_t{2});
    const std::string prefix = std::string(shape_.family) + ".";
    add(prefix + "block_count", n_layers_);
    add(prefix + "vocab_size", shape_.n_vocab);
    for (const SynthKey& each : shape_.keys) {
      std::visit([&](const auto& value) { add(prefix + std::string(each.key), value); }, each.value);
    }
    const Vocabulary vocabulary(shape_.n_vocab);
    add("tokenizer.ggml.model", "llama");
    add("tokenizer.ggml.tokens", vocabulary.tokens);
    add("tokenizer.ggml.scores", vocabulary.scores);
    add("tokenizer.ggml.token_type", vocabulary.types);
    add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
    add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
    add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});

    gguf::Encoder out(encoding);
    out.raw(std::as_bytes(std::span("GGUF", 4)));
    out.number(std::uint32_t{3});
    out.length(tensors_.size());
    out.length(n_entries);
    out.raw(entries.bytes());
    for (const Tensor& tensor : tensors_) {
      out.string(tensor.name);
      out.number(static_cast<std::uint32_t>(tensor.dims.size()));
      for (const std::uint64_t d : tensor.dims) out.length(d);
      out.number(tensor.type_id);
      out.number(static_cast<std::uint64_t>(tensor.offset));
    }
    out.fill(round_up(out.bytes().size(), alignment) - out.bytes().size());
    return out;
  }

  // Chunk by chunk, each with a seed of its own: the same bytes with any number of threads.
  Expected<void> fill(std::span<std::byte> data, std::size_t n_threads) const {
    struct Chunk {
      const Tensor* tensor;
      std::size_t begin, n;  // weights
    };
    std::vector<Chunk> chunks;
    for (const Tensor& tensor : tensors_) {
      for (std::size_t begin = 0; begin < tensor.n_weights; begin += chunk) {
        chunks.push_back({&tensor, begin, std::min(chunk, tensor.n_weights - begin)});
      }
    }
    auto team = Team::make(n_threads);
    if (!team) return fail(std::move(team.error()));
    auto job = [&](Worker& worker) {
      worker.share(chunks.size(), [&](std::size_t i) {
        const auto& [tensor, begin, n] = chunks[i];
        const gguf::TensorType& type = *gguf::tensor_type(tensor->type_id);
        const auto bytes_of = [&](std::size_t weights) { return weights / type.block_size * type.block_bytes; };
        const auto out = data.subspan(tensor->offset + bytes_of(begin), bytes_of(n));
        if (tensor->pool != nullptr) return tensor->pool->fill(out, i);
        const std::vector<float> ones(n, 1.0f);
        std::memcpy(out.data(), ones.data(), out.size());
      });
    };
    (*team)->run(job);
    return {};
  }

  const SynthShape& shape_;
  std::uint32_t n_layers_;
  SynthFormat format_;
  std::unordered_set<std::string> names_;
  std::string note_;
  std::deque<SynthPool> pools_;
  std::vector<Tensor> tensors_;
  std::size_t data_bytes_ = 0;
};

inline bool is_synth(std::string_view name) { return name.starts_with("synth:"); }

// What SHAPE or SHAPE/LAYERS says; `name` is for errors. Errors: BadArgument.
struct SynthSize {
  const SynthShape* shape;
  std::uint32_t n_layers;
};
inline Expected<SynthSize> synth_size(const std::string& name, std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view shape_name = text.substr(0, slash);
  const auto shape = std::ranges::find(synth_shapes, shape_name, &SynthShape::name);
  if (shape == synth_shapes.end()) {
    std::string known;
    for (const SynthShape& s : synth_shapes) known += (known.empty() ? "" : ", ") + std::string(s.name);
    return fail(Error(ErrorCode::BadArgument, "no such shape; write synth:SHAPE:FORMAT or synth:SHAPE/LAYERS:FORMAT")
                    .about(name)
                    .wanted(known)
                    .found(printable(shape_name)));
  }
  if (slash == std::string_view::npos) return SynthSize{shape, shape->n_made};
  const std::string_view number = text.substr(slash + 1);
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (error != std::errc() || end != number.data() + number.size() || n < 1 || n > shape->n_layers) {
    return fail(Error(ErrorCode::BadArgument, "the shape cannot be cut to that")
                    .about(name)
                    .wanted("1 to " + std::to_string(shape->n_layers) + " layers")
                    .found(printable(number)));
  }
  return SynthSize{shape, n};
}

// From "synth:SHAPE:FORMAT" or "synth:SHAPE/LAYERS:FORMAT". Errors: BadArgument with the names there are, OutOfMemory.
inline Expected<SynthModel> make_synth(const std::string& name, std::size_t n_threads) {
  return guarded([&]() -> Expected<SynthModel> {
    const std::string_view spec = std::string_view(name).substr(std::min<std::size_t>(name.size(), 6));
    const std::size_t colon = spec.find(':');
    const std::string_view format_name = colon == std::string_view::npos ? "" : spec.substr(colon + 1);
    const auto size = synth_size(name, spec.substr(0, colon));
    if (!size) return fail(size.error());
    const auto format = synth_format(format_name);
    if (!format) {
      std::string known;
      const auto add = [&](std::string_view each) { known += (known.empty() ? "" : ", ") + std::string(each); };
      for_each_type(quant::Formats{}, [&](auto type) { add(decltype(type)::type::name); });
      for (const quant::FileType& type : quant::file_types) {
        if (gguf::tensor_type(type.name) == nullptr) add(type.name);
      }
      return fail(Error(ErrorCode::BadArgument, "no such format; write synth:SHAPE:FORMAT")
                      .about(name)
                      .wanted(known)
                      .found(printable(format_name)));
    }
    return SynthBuilder(*size->shape, size->n_layers, *format).build(name, n_threads);
  });
}

}  // namespace lamina::bench
