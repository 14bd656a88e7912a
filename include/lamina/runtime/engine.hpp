// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Loading: a file becomes a Model. An Engine is a choice of families and formats; code exists for those alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "lamina/arch/registry.hpp"
#include "lamina/core/typelist.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/quant/registry.hpp"
#include "lamina/runtime/families.hpp"
#include "lamina/runtime/lower.hpp"
#include "lamina/runtime/model.hpp"

namespace lamina {

// Stages of loading, in order.
enum class LoadStage : std::uint8_t { FileOpened, HyperparametersRead, WeightsBound, TokenizerBuilt };

struct LoadProgress {
  LoadStage stage;
  double fraction;  // of the whole, 0 to 1
};

struct LoadOptions {
  std::string target;  // instruction set to use; empty: environment variable LAMINA_TARGET, else the best there is
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

  // Those that it knows.
  static std::span<const FamilyInfo> families() { return FamilyTable<ArchList>::all(); }

 private:
  static Expected<Model> load_checked(gguf::File file, const LoadOptions& options);
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
  const auto table = kernels::select_target<FormatList>(options.target);
  if (!table) return fail(std::move(table.error()));
  if (!go_on(LoadStage::FileOpened, 0.1)) return cancelled();

  auto architecture = file.metadata().template get<std::string_view>("general.architecture");
  if (!architecture) return fail(std::move(architecture.error()));
  const FamilyInfo* const info = find_family(families(), *architecture);
  if (info == nullptr) return fail(unknown_family(families(), *architecture).in(file.name()));
  auto hparams = info->hparams(file, 0);
  if (!hparams) return fail(std::move(hparams.error()));
  if (!go_on(LoadStage::HyperparametersRead, 0.2)) return cancelled();

  auto state = std::make_shared<Model::State>(file);
  state->kernels = *table;
  state->hparams = std::move(*hparams);
  Expected<Plan> plan;
  visit_first(
      ArchList{}, [&](auto family) { return decltype(family)::type::name == info->name; },
      [&](auto family) {
        plan = runtime::lower<typename decltype(family)::type>(state->store, state->hparams, *state->kernels);
      });
  if (!plan) return fail(std::move(plan.error()));
  state->plan = std::move(*plan);
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
