// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The layers of a family, and what a file has of their tensors.
#include "arch.hpp"

#include <filesystem>
#include <system_error>

#include "commands.hpp"

namespace lamina::inspect {

namespace {

void print(const ArchPicture& picture, bool json) { json ? print_arch_json(picture) : print_arch_text(picture); }

Expected<void> print_file(const std::string& path, bool json) {
  const auto file = gguf::File::open(path);
  if (!file) return fail(file.error());
  const auto name = file->metadata().get<std::string_view>("general.architecture");
  if (!name) return fail(name.error());
  const FamilyInfo* family = find_family(families(), *name);
  if (family == nullptr) return fail(unknown_family(families(), *name).in(file->name()));
  const LayerNode layers = family->layers();
  const auto check = check_tensors(*file, *family, layers);
  if (!check) return fail(check.error());
  print({*family, layers, &*file, &*check}, json);
  if (check->n_missing + check->n_misshapen > 0) {
    return fail(Error(check->n_missing > 0 ? ErrorCode::MissingTensor : ErrorCode::ShapeMismatch,
                      "this file's family cannot run it")
                    .in(file->name())
                    .wanted("every tensor that its layers need")
                    .found(std::to_string(check->n_missing) + " missing, " + std::to_string(check->n_misshapen) +
                           " of another shape"));
  }
  return {};
}

}  // namespace

Expected<void> print_arch(const std::string& name_or_file, bool json) {
  if (const FamilyInfo* family = find_family(families(), name_or_file)) {
    const LayerNode layers = family->layers();
    print({*family, layers}, json);
    return {};
  }
  std::error_code ignored;
  if (std::filesystem::exists(name_or_file, ignored)) return print_file(name_or_file, json);
  Error error = unknown_family(families(), name_or_file);
  error.subject = printable(name_or_file);
  error.message = "there is no such file, and " + error.message;
  return fail(std::move(error));
}

}  // namespace lamina::inspect
