// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Loading: a file becomes a Model. An Engine is a choice of families and formats; code exists for those alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lamina/arch/registry.hpp"
#include "lamina/core/typelist.hpp"
#include "lamina/gguf/gguf.hpp"
#include "lamina/kernels/dispatch/dispatch.hpp"
#include "lamina/kernels/dispatch/drivers.hpp"
#include "lamina/quant/registry.hpp"
#include "lamina/runtime/families.hpp"
#include "lamina/runtime/gpu_model.hpp"
#include "lamina/runtime/lower.hpp"
#include "lamina/runtime/model.hpp"
#include "lamina/runtime/place.hpp"
#include "lamina/runtime/population.hpp"
#include "lamina/text/make_tokenizer.hpp"

namespace lamina {

// Parts of loading, in order.
enum class LoadStage : std::uint8_t { Hyperparameters, Weights, Tokenizer, Pages };

constexpr std::string_view to_string(LoadStage stage) {
  switch (stage) {
    case LoadStage::Hyperparameters: return "hyperparameters";
    case LoadStage::Weights: return "weights";
    case LoadStage::Tokenizer: return "tokenizer";
    case LoadStage::Pages: return "pages";
  }
  return "?";
}

struct LoadProgress {
  LoadStage stage;  // that is being worked on
  double fraction;  // of the whole that is done: from 0 to 1, never falling
};

struct LoadOptions {
  // Instruction set to use, or "cuda" for a GPU; empty: environment variable LAMINA_TARGET, else the best instruction
  // set there is.
  std::string target = {};
  // The last so many layers and the head run on a GPU, all others on the CPU; with all layers the embedding goes there
  // too. Empty: all for target "cuda", none for others.
  std::optional<std::size_t> gpu_layers = std::nullopt;
  std::size_t device = 0;  // which GPU
  // A GPU that is open already, instead of the target's.
  std::shared_ptr<gpu::Gpu> gpu = nullptr;
  // Called by the thread that loads: with fraction 0 before anything, with 1 after everything, and in between after
  // every layer's weights and every few MiB of pages. Halt ends loading with Cancelled.
  std::function<Feedback(const LoadProgress&)> progress = {};
  // Brings the weights into this process's page tables while loading, by several threads, so that the first token does
  // not wait for thousands of page faults; reading from a disk then happens here, with progress. Otherwise the first
  // tokens do it. Nothing for files larger than the machine's memory, whose pages would push each other out.
  bool populate = false;
  std::size_t threads = 0;  // to load with; 0: one per core
  // To use instead of the file's own; text::load_tokenizer_json() makes one of a tokenizer.json.
  std::shared_ptr<const text::Tokenizer> tokenizer = {};
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
  // TargetUnavailable, Cancelled, OutOfMemory; BadTokenizer when the tokenizer given has more tokens than the model. A
  // tokenizer of the file that cannot be built is not one: see tokenizer_error().
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
  // Where each stage begins. Most of the time goes into pages, where they are wanted.
  const double pages = options.populate ? 0.2 : 1, weights = 0.1 * pages, tokenizer = 0.6 * pages;
  const auto report = [&](LoadStage stage, double fraction) -> Expected<void> {
    if (!options.progress || options.progress({stage, fraction}) == Feedback::Continue) return {};
    return fail(Error(ErrorCode::Cancelled, "the progress callback asked to stop").in(file.name()));
  };
  if (auto ok = report(LoadStage::Hyperparameters, 0); !ok) return fail(std::move(ok.error()));
  auto place = runtime::choose_place<FormatList>(options.target, options.gpu_layers, options.device, options.gpu);
  if (!place) return fail(std::move(place.error()));
  const auto table = kernels::select_target<FormatList>(place->cpu_target);
  if (!table) return fail(std::move(table.error()));

  auto architecture = file.metadata().template get<std::string_view>("general.architecture");
  if (!architecture) return fail(std::move(architecture.error()));
  const FamilyInfo* const info = find_family(families(), *architecture);
  if (info == nullptr) return fail(unknown_family(families(), *architecture).in(file.name()));
  auto hparams = info->hparams(file, 0);
  if (!hparams) return fail(std::move(hparams.error()));
  if (options.tokenizer && options.tokenizer->size() > hparams->n_vocab) {
    return fail(Error(ErrorCode::BadTokenizer, "the tokenizer given has ids that the model has not")
                    .in(file.name())
                    .about("tokenizer")
                    .wanted("at most " + std::to_string(hparams->n_vocab) + " tokens")
                    .found(std::to_string(options.tokenizer->size())));
  }

  auto state = std::make_shared<Model::State>(file);
  state->kernels = *table;
  state->target = (*table)->target;
  state->hparams = std::move(*hparams);
  if (auto ok = report(LoadStage::Weights, weights); !ok) return fail(std::move(ok.error()));
  const auto n_layers = static_cast<double>(state->hparams.n_layers);
  Expected<Plan> plan;
  visit_first(
      ArchList{}, [&](auto family) { return decltype(family)::type::name == info->name; },
      [&](auto family) {
        plan = runtime::lower<typename decltype(family)::type>(
            state->store, state->hparams, *state->kernels, [&](std::size_t n_done) {
              return report(LoadStage::Weights,
                            weights + (tokenizer - weights) * static_cast<double>(n_done) / n_layers);
            });
      });
  if (!plan) return fail(std::move(plan.error()));
  state->plan = std::move(*plan);
  if (place->gpu != nullptr) {
    auto gpu = runtime::GpuLoader(place->gpu).load(state->plan, place->gpu_layers);
    if (!gpu) return fail(std::move(gpu.error()).in(file.name()));
    state->target = std::string(place->gpu->kernels().target) + ((*gpu)->whole() ? "" : "+" + state->target);
    state->gpu = std::move(*gpu);
  }

  // Threads bring pages while this one makes the tokenizer.
  runtime::Population population(file, state->plan);
  if (options.populate && population.fits()) population.start(options.threads);
  if (auto ok = report(LoadStage::Tokenizer, tokenizer); !ok) return fail(std::move(ok.error()));
  auto made = options.tokenizer ? Expected<std::shared_ptr<const text::Tokenizer>>(options.tokenizer)
                                : text::make_tokenizer(file);
  if (made) {
    state->tokenizer = std::move(*made);
  } else {
    state->tokenizer_error = std::move(made.error());
    if (state->tokenizer_error->file.empty()) state->tokenizer_error->file = file.name();
  }
  if (population.started()) {
    const auto page_report = [&](double done) { return report(LoadStage::Pages, pages + (1 - pages) * 0.99 * done); };
    if (auto ok = population.finish(page_report); !ok) return fail(std::move(ok.error()));
  }
  if (auto ok = report(options.populate ? LoadStage::Pages : LoadStage::Tokenizer, 1); !ok) {
    return fail(std::move(ok.error()));
  }
  return Model(std::move(state));
}

using DefaultEngine = Engine<arch::All, quant::Formats>;
#ifdef LAMINA_LIBRARY
extern template class Engine<arch::All, quant::Formats>;  // compiled once, in the library
#endif

// Templates, so that whoever loads with an Engine of their own does not compile all that this one has.
template <class AnEngine = DefaultEngine>
Expected<Model> load(const std::string& path, const LoadOptions& options = {}) {
  return AnEngine::load(path, options);
}
template <class AnEngine = DefaultEngine>
Expected<Model> load(gguf::File file, const LoadOptions& options = {}) {
  return AnEngine::load(std::move(file), options);
}

}  // namespace lamina
