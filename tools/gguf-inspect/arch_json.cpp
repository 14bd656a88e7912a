// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The layers of a family as JSON.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "arch.hpp"
#include "value_printer.hpp"

namespace lamina::inspect {

namespace {

using Json = nlohmann::ordered_json;

Json from_file(std::string_view bytes) { return Json::parse(json_text(bytes)); }

class ArchJson {
 public:
  explicit ArchJson(const ArchPicture& picture) : picture_(picture) {}

  Json node(const LayerNode& node, bool repeated) const {
    static constexpr const char* kinds[] = {"layer", "list", "repeat", "choice"};
    Json out = {{"kind", kinds[static_cast<std::size_t>(node.kind)]}, {"text", node.text}};
    const bool in_block = repeated || node.kind == LayerNode::Kind::Repeat;
    const TensorCheck::Node* here = picture_.check != nullptr ? picture_.check->find(node) : nullptr;
    if (picture_.check != nullptr) {
      if (repeated) {
        out["layers"] = here != nullptr ? Json(here->layers) : Json::array();
      } else {
        out["in_file"] = here != nullptr;
      }
    }
    for (std::size_t i = 0; i < node.tensors.size(); ++i) {
      Json one = tensor(node.tensors[i], in_block);
      if (here != nullptr) found(here->uses[i], one);
      out["tensors"].push_back(std::move(one));
    }
    for (const LayerNode& part : node.parts) out["parts"].push_back(this->node(part, in_block));
    return out;
  }

 private:
  Json tensor(const nn::TensorSpec& spec, bool repeated) const {
    Json out = {{"name", tensor_name(spec, spec.name, repeated)},
                {"optional", spec.presence == nn::Presence::Optional}};
    for (const nn::Size size : dimensions(spec)) {
      out["shape"].push_back(std::string(nn::to_string(size)));
      if (picture_.check != nullptr) out["dimensions"].push_back(picture_.check->hparams.size(size));
    }
    if (!spec.fused.name.empty()) out["or_rows_of"] = tensor_name(spec, spec.fused.name, repeated);
    if (!spec.tied_to.empty()) out["or"] = std::string(spec.tied_to);
    return out;
  }

  // An entry for each layer that has it, or one.
  static void found(const std::vector<TensorCheck::Use>& uses, Json& out) {
    for (const TensorCheck::Use& use : uses) {
      Json one = Json::object();
      if (use.layer != runtime::no_layer) one["layer"] = use.layer;
      const gguf::TensorInfo* info = use.place.info;
      if (use.error) {
        one["fault"] = std::string(to_string(use.error->code));
        one["expected"] = use.error->expected;
        if (info != nullptr) one["got"] = use.error->got;
      }
      if (info != nullptr) {
        one["tensor"] = from_file(info->name);
        one["format"] = from_file(info->type_name());
        if (use.place.part) one["first_row"] = use.place.begin;
      }
      out["file"].push_back(std::move(one));
    }
  }

  const ArchPicture& picture_;
};

}  // namespace

void print_arch_json(const ArchPicture& picture) {
  Json out = {{"name", std::string(picture.family.name)}, {"title", std::string(picture.family.title)}};
  if (const TensorCheck* check = picture.check) {
    out["file"] = from_file(picture.file->name());
    out["missing"] = check->n_missing;
    out["misshapen"] = check->n_misshapen;
    out["extra"] = Json::array();
    for (const gguf::TensorInfo* tensor : check->extra) out["extra"].push_back(from_file(tensor->name));
  }
  out["layers"] = ArchJson(picture).node(picture.layers, false);
  std::printf("%s\n", out.dump(1).c_str());
}

}  // namespace lamina::inspect
