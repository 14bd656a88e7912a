// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// The layers of a family as a tree for people, a line for each layer and each tensor.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch.hpp"
#include "common/cli.hpp"

namespace lamina::inspect {

namespace {

// Columns on a terminal: bytes of UTF-8 that begin a character.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string symbol(nn::Size size) {
  std::string out;
  for (const char c : nn::to_string(size)) out += c == '*' ? std::string("·") : std::string(1, c);
  return out;
}

void join(std::string& all, std::string_view one, std::string_view between = ", ") {
  if (one.empty()) return;
  all += (all.empty() ? "" : std::string(between)) + std::string(one);
}

// "0, 2-4, 9", and of many runs the first and their number.
std::string ranges(const std::vector<std::size_t>& layers) {
  constexpr std::size_t most = 8;  // runs
  std::string out;
  std::size_t n_runs = 0;
  for (std::size_t i = 0; i < layers.size(); ++n_runs) {
    std::size_t last = i;
    while (last + 1 < layers.size() && layers[last + 1] == layers[last] + 1) ++last;
    if (n_runs == most) return out + ", … (" + std::to_string(layers.size()) + " layers)";
    join(out, std::to_string(layers[i]) + (last == i ? "" : "-" + std::to_string(layers[last])));
    i = last + 1;
  }
  return out;
}

class ArchDrawing {
 public:
  explicit ArchDrawing(const ArchPicture& picture) : picture_(picture) { parts(picture.layers, "", false); }

  void print() const {
    const cli::Style style(stdout);
    std::size_t left = 0, middle = 0;
    for (const Line& line : lines_) {
      if (line.shape.empty()) continue;
      left = std::max(left, width(line.left));
      middle = std::max(middle, width(line.shape));
    }
    for (const Line& line : lines_) {
      if (line.shape.empty()) {
        std::printf("%s\n", line.left.c_str());
        continue;
      }
      std::string text = line.left + std::string(left - width(line.left) + 2, ' ') + line.shape;
      if (!line.note.empty()) {
        text += std::string(middle - width(line.shape) + 2, ' ');
        text += line.fault ? style.warning(line.note) : line.note;
      }
      std::printf("%s\n", text.c_str());
    }
  }

 private:
  struct Line {
    std::string left, shape{}, note{};
    bool fault = false;
  };

  // Without tensors or anything below: a word in the line of what it belongs to.
  static bool is_word(const LayerNode& node) {
    return node.kind == LayerNode::Kind::Layer && node.tensors.empty() && std::ranges::all_of(node.parts, is_word);
  }
  static std::string text(const LayerNode& node) {
    std::string words;
    for (const LayerNode& part : node.parts) {
      if (is_word(part)) join(words, text(part));
    }
    return node.text + (words.empty() ? "" : ": " + words);
  }

  bool is_in_file(const LayerNode& node) const {
    return picture_.check == nullptr || picture_.check->find(node) != nullptr;
  }

  std::string where(const LayerNode& node, bool repeated) const {
    if (picture_.check == nullptr) return "";
    const TensorCheck::Node* here = picture_.check->find(node);
    if (here == nullptr) return repeated ? "  (no layer of this file)" : "  (not in this file)";
    if (!repeated) return "";
    return here->layers.size() == picture_.check->hparams.n_layers ? "  (all layers)"
                                                                   : "  (layers " + ranges(here->layers) + ")";
  }

  struct Child {
    std::string label;
    const LayerNode* node;
  };

  void children(const LayerNode& node, bool repeated, std::vector<Child>& out) const {
    for (const LayerNode& part : node.parts) {
      if (part.kind == LayerNode::Kind::List) {
        children(part, repeated, out);
      } else if (part.kind == LayerNode::Kind::Choice) {
        branches(part, repeated, "if ", out);
      } else if (!is_word(part)) {
        out.push_back({"", &part});
      }
    }
  }

  // A choice inside of what is chosen otherwise stands beside it: if, else if, else.
  void branches(const LayerNode& choice, bool repeated, const std::string& word, std::vector<Child>& out) const {
    out.push_back({word + choice.text + where(choice.parts[0], repeated) + ": ", &choice.parts[0]});
    const LayerNode& other = choice.parts[1];
    if (other.kind == LayerNode::Kind::Choice) return branches(other, repeated, "else if ", out);
    if (!is_word(other) || !text(other).empty()) out.push_back({"else" + where(other, repeated) + ": ", &other});
  }

  void parts(const LayerNode& node, const std::string& indent, bool repeated) {
    const bool in_block = repeated || node.kind == LayerNode::Kind::Repeat;
    std::vector<Child> all;
    if (node.kind == LayerNode::Kind::Choice) {
      branches(node, in_block, "if ", all);
    } else {
      children(node, in_block, all);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool last = i + 1 == all.size();
      const LayerNode& child = *all[i].node;
      const bool list = child.kind == LayerNode::Kind::List || child.kind == LayerNode::Kind::Choice;
      add({.left = indent + (last ? "└─ " : "├─ ") + all[i].label + (list ? "" : text(child))});
      if (!is_in_file(child)) continue;
      const std::string below = indent + (last ? "   " : "│  ");
      std::vector<Child> grandchildren;
      children(child, in_block, grandchildren);
      for (std::size_t t = 0; t < child.tensors.size(); ++t) {
        tensor(child, t, below + (grandchildren.empty() ? "   " : "│  "), in_block);
      }
      parts(child, below, in_block);
    }
  }

  void tensor(const LayerNode& node, std::size_t index, const std::string& indent, bool repeated) {
    const nn::TensorSpec& spec = node.tensors[index];
    Line line{.left = indent + tensor_name(spec, spec.name, repeated)};
    std::string shape;
    for (const nn::Size size : dimensions(spec)) {
      join(shape, symbol(size) +
                      (picture_.check == nullptr ? "" : " = " + std::to_string(picture_.check->hparams.size(size))));
    }
    line.shape = "[" + shape + "]";
    if (picture_.check == nullptr) {
      if (spec.presence == nn::Presence::Optional) line.note = "optional";
      if (!spec.fused.name.empty()) join(line.note, "or rows of " + tensor_name(spec, spec.fused.name, repeated));
      if (!spec.tied_to.empty()) join(line.note, "or " + std::string(spec.tied_to));
    } else if (const TensorCheck::Node* here = picture_.check->find(node)) {
      found(spec, here->uses[index], repeated, line);
    }
    add(std::move(line));
  }

  // What the file has: formats, and in which layers it is not as the family needs it.
  void found(const nn::TensorSpec& spec, const std::vector<TensorCheck::Use>& uses, bool repeated, Line& line) const {
    std::map<std::string, std::size_t> formats;
    std::vector<std::size_t> absent, missing, misshapen;
    std::string stands_in, shape;
    for (const TensorCheck::Use& use : uses) {
      const gguf::TensorInfo* info = use.place.info;
      if (use.error) {
        (info == nullptr ? missing : misshapen).push_back(use.layer);
        if (info != nullptr && shape.empty()) shape = use.error->got + " instead of " + use.error->expected;
      } else if (info == nullptr) {
        absent.push_back(use.layer);
      } else {
        ++formats[printable(info->type_name())];
        if (use.place.part) stands_in = "of " + tensor_name(spec, spec.fused.name, repeated);
        if (info->name == spec.tied_to) stands_in = "is " + std::string(spec.tied_to);
      }
    }
    const bool one = !repeated || spec.scope == nn::Scope::Model;
    const auto in_layers = [&](const std::vector<std::size_t>& layers) {
      return one || layers.size() == uses.size() ? std::string() : " in layers " + ranges(layers);
    };
    for (const auto& [format, n] : formats) join(line.note, one ? format : format + " ×" + std::to_string(n));
    join(line.note, stands_in, " ");
    if (!absent.empty()) join(line.note, "absent" + in_layers(absent));
    if (!missing.empty()) join(line.note, "MISSING" + in_layers(missing));
    if (!misshapen.empty()) join(line.note, "WRONG SHAPE" + in_layers(misshapen) + ": " + shape);
    line.fault = !missing.empty() || !misshapen.empty();
  }

  void add(Line line) { lines_.push_back(std::move(line)); }

  const ArchPicture& picture_;
  std::vector<Line> lines_;
};

}  // namespace

void print_arch_text(const ArchPicture& picture) {
  const cli::Style style(stdout);
  const FamilyInfo& family = picture.family;
  std::printf("%s: %s\n\n", style.bold(family.name).c_str(), std::string(family.title).c_str());
  ArchDrawing(picture).print();
  const TensorCheck* check = picture.check;
  if (check == nullptr) return;
  std::printf("\n%s: %zu missing, %zu of another shape, %zu that nothing asks for\n",
              printable(picture.file->name(), 4096).c_str(), check->n_missing, check->n_misshapen, check->extra.size());
  for (const gguf::TensorInfo* tensor : check->extra) std::printf("  extra: %s\n", printable(tensor->name).c_str());
}

}  // namespace lamina::inspect
