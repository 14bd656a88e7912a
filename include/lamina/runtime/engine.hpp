// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Loading: a file becomes a Model. An Engine is a choice of families and formats; code exists for those alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lamina/arch/registry.hpp"
#include "lamina/core/typelist.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/kernels/dispatch/drivers.hpp"
#include "lamina/quant/registry.hpp"
#include "lamina/runtime/gpu_model.hpp"
#include "lamina/runtime/lower.hpp"
#include "lamina/runtime/model.hpp"
#include "lamina/runtime/place.hpp"
#include "lamina/runtime/read_hparams.hpp"

namespace lamina {

// Stages of loading, in order.
enum class LoadStage : std::uint8_t { FileOpened, HyperparametersRead, WeightsBound, TokenizerBuilt };

struct LoadProgress {
  LoadStage stage;
  double fraction;  // of the whole, 0 to 1
};

struct LoadOptions {
  // Instruction set to use, or "cuda" for a GPU; empty: environment variable LAMINA_TARGET, else the best instruction
  // set there is.
  std::string target;
  // The last so many layers and the head run on a GPU, all others on the CPU; with all layers the embedding goes there
  // too. Empty: all for target "cuda", none for others.
  std::optional<std::size_t> gpu_layers = std::nullopt;
  std::size_t device = 0;  // which GPU
  // A GPU that is open already, instead of the target's.
  std::shared_ptr<gpu::Gpu> gpu = nullptr;
  std::function<bool(const LoadProgress&)> progress;  // false cancels
};

template <class... Families>
using Archs = TypeList<Families...>;
template <class... Fs>
using Formats = TypeList<Fs...>;

template <class ArchList, class FormatList>
class Engine {
 public:
  // Errors: those of gguf::File::open and of load(File).
  static Expected<Model> load(const std::string& path, const LoadOptions& options = {}) {
    auto file = gguf::File::open(path);
    if (!file) return fail(std::move(file.error()));
    return load(std::move(*file), options);
  }

  // Errors: UnknownArchitecture, MissingKey, BadHyperparameter, MissingTensor, ShapeMismatch, UnsupportedFormat,
  // TargetUnavailable, Cancelled, OutOfMemory. A tokenizer that cannot be built is not one: see tokenizer_error().
  static Expected<Model> load(gguf::File file, const LoadOptions& options = {}) {
    return guarded([&]() -> Expected<Model> { return load_checked(std::move(file), options); });
  }

 private:
  static Expected<Model> load_checked(gguf::File file, const LoadOptions& options);
  static Error unknown_architecture(const gguf::File& file, std::string_view name) {
    std::string known;
    std::string_view nearest;
    std::size_t best = static_cast<std::size_t>(-1);
    for_each_type(ArchList{}, [&](auto family) {
      constexpr std::string_view each = decltype(family)::type::name;
      known += (known.empty() ? "" : ", ") + std::string(each);
      if (const std::size_t d = edit_distance(name.substr(0, 64), each); d < best) {
        best = d;
        nearest = each;
      }
    });
    return Error(ErrorCode::UnknownArchitecture,
                 "no family of this name is built in; the nearest is " + std::string(nearest))
        .in(file.name())
        .about("general.architecture")
        .wanted(known)
        .found(printable(name));
  }

  // Levenshtein distance; O(|a|·|b|).
  static std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    return row[b.size()];
  }
};

// Not defined in the class, so that `extern template` below keeps it out of whoever links the library.
template <class ArchList, class FormatList>
Expected<Model> Engine<ArchList, FormatList>::load_checked(gguf::File file, const LoadOptions& options) {
  const auto go_on = [&](LoadStage stage, double fraction) {
    return !options.progress || options.progress(LoadProgress{stage, fraction});
  };
  const auto cancelled = [&] {
    return fail(Error(ErrorCode::Cancelled, "the progress callback asked to stop").in(file.name()));
  };
  auto place = runtime::choose_place(options.target, options.gpu_layers, options.device, options.gpu);
  if (!place) return fail(std::move(place.error()));
  const auto table = kernels::select_target<FormatList>(place->cpu_target);
  if (!table) return fail(std::move(table.error()));
  if (!go_on(LoadStage::FileOpened, 0.1)) return cancelled();

  auto architecture = file.metadata().template get<std::string_view>("general.architecture");
  if (!architecture) return fail(std::move(architecture.error()));
  auto state = std::make_shared<Model::State>(file);
  state->kernels = *table;
  state->target = (*table)->target;
  Expected<void> built = fail(unknown_architecture(file, *architecture));
  bool stopped = false;
  visit_first(
      ArchList{}, [&](auto family) { return decltype(family)::type::name == *architecture; },
      [&](auto family) {
        using Family = typename decltype(family)::type;
        auto hparams = runtime::read_hparams<Family>(file);
        if (!hparams) {
          built = fail(std::move(hparams.error()));
          return;
        }
        state->hparams = std::move(*hparams);
        if (!go_on(LoadStage::HyperparametersRead, 0.2)) {
          stopped = true;
          return;
        }
        auto plan = runtime::lower<Family>(state->store, state->hparams, *state->kernels);
        if (!plan) {
          built = fail(std::move(plan.error()));
          return;
        }
        state->plan = std::move(*plan);
        built = {};
      });
  if (stopped) return cancelled();
  if (!built) return fail(std::move(built.error()));
  if (place->gpu != nullptr) {
    auto gpu = runtime::GpuLoader(place->gpu).load(state->plan, place->gpu_layers);
    if (!gpu) return fail(std::move(gpu.error()).in(file.name()));
    state->target = std::string(place->gpu->kernels().target) + ((*gpu)->whole() ? "" : "+" + state->target);
    state->gpu = std::move(*gpu);
  }
  if (!go_on(LoadStage::WeightsBound, 0.5)) return cancelled();

  auto tokenizer = text::make_tokenizer(file);
  if (tokenizer) {
    state->tokenizer = std::move(*tokenizer);
  } else {
    state->tokenizer_error = std::move(tokenizer.error());
    if (state->tokenizer_error->file.empty()) state->tokenizer_error->file = file.name();
  }
  if (!go_on(LoadStage::TokenizerBuilt, 1)) return cancelled();
  return Model(std::move(state));
}

using DefaultEngine = Engine<arch::All, quant::Formats>;
#ifdef LAMINA_LIBRARY
extern template class Engine<arch::All, quant::Formats>;  // compiled once, in the library
#endif

inline Expected<Model> load(const std::string& path, const LoadOptions& options = {}) {
  return DefaultEngine::load(path, options);
}
inline Expected<Model> load(gguf::File file, const LoadOptions& options = {}) {
  return DefaultEngine::load(std::move(file), options);
}

}  // namespace lamina
