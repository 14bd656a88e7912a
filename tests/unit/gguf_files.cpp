// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// Files on disk: what is not a file, what changes, and sets of several.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "gguf_temp.hpp"
#include "gguf_walk.hpp"

using namespace lamina;
using gguf::File;
using gguf::OpenOptions;

namespace {

const std::vector<std::byte> float_bytes(4);

struct PartText {
  std::vector<std::string> tensors;
  std::optional<int> no = 0;
  int count = 3;
  std::optional<int> n_tensors = 3;
  std::endian order = std::endian::native;
};

std::vector<std::byte> part(const PartText& text) {
  gguf::Writer writer(3, text.order);
  if (text.no) writer.add("split.no", static_cast<std::uint16_t>(*text.no));
  writer.add("split.count", static_cast<std::uint16_t>(text.count));
  if (text.n_tensors) writer.add("split.tensors.count", *text.n_tensors);
  if (text.no == 0) writer.add("general.architecture", "llama");
  for (const auto& name : text.tensors) writer.add_tensor(name, std::vector<std::uint64_t>{1}, 0, float_bytes);
  return writer.to_bytes().value();
}

std::string part_name(int i) { return "m-0000" + std::to_string(i) + "-of-00003.gguf"; }

}  // namespace

TEST_CASE("what is not a regular file is refused at once", "[gguf]") {
  const test::TempDir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  for (const std::string& path : {dir.path(), dir / "fifo", std::string("/dev/zero"), std::string("/dev/null")}) {
    for (const bool copy : {false, true}) {
      OpenOptions options;
      options.copy = copy;
      const auto file = File::open(path, options);
      REQUIRE_FALSE(file);
      CHECK(file.error().code == ErrorCode::NotRegularFile);
      CHECK(file.error().file == path);
    }
  }
  CHECK(File::open(dir / "none").error().code == ErrorCode::IoError);
  CHECK(File::open("").error().code == ErrorCode::IoError);
  CHECK(File::open(std::string("a\0b", 3)).error().code == ErrorCode::BadArgument);
  CHECK(File::open(dir.file("empty", {})).error().code == ErrorCode::Truncated);
}

TEST_CASE("a mapped file that is written to is noticed, a copy is immune", "[gguf]") {
  const test::TempDir dir;
  gguf::Writer writer;
  writer.add("k", "v");
  const auto bytes = writer.to_bytes().value();
  const std::string path = dir.file("m.gguf", bytes);
  OpenOptions copy;
  copy.copy = true;
  const auto mapped = File::open(path), copied = File::open(path, copy);
  REQUIRE(mapped);
  REQUIRE(copied);
  CHECK(mapped->unchanged());
  SECTION("replaced by rename: the old bytes live on") {
    REQUIRE(writer.write(path));
    CHECK(mapped->unchanged());
    CHECK(mapped->metadata().get<std::string>("k").value() == "v");
  }
  SECTION("cut") {
    REQUIRE(::truncate(path.c_str(), 3) == 0);
    const auto changed = mapped->unchanged();
    REQUIRE_FALSE(changed);
    CHECK(changed.error().code == ErrorCode::FileChanged);
    CHECK(changed.error().file == path);
    CHECK(copied->unchanged());
    CHECK(copied->metadata().get<std::string>("k").value() == "v");
  }
}

TEST_CASE("copies of a File share its storage", "[gguf]") {
  std::optional<File> copy;
  {
    gguf::Writer writer;
    writer.add("k", "value that outlives the first File");
    const auto file = File::from_bytes(writer.to_bytes().value(), "one");
    copy = *file;
  }
  CHECK(copy->metadata().get<std::string_view>("k").value() == "value that outlives the first File");
}

TEST_CASE("what a read callback does wrong is its error", "[gguf]") {
  using Out = std::span<std::byte>;
  const auto open = [](const gguf::ReadCallback& callback) { return File::from_reader(callback, 100, "cb").error(); };
  const Error ended = open([](std::uint64_t offset, Out) -> Expected<std::size_t> { return offset == 0 ? 24u : 0u; });
  CHECK(ended.code == ErrorCode::Truncated);
  CHECK(ended.offset == 24);
  CHECK(open([](std::uint64_t, Out) -> Expected<std::size_t> { return 101u; }).code == ErrorCode::BadArgument);
  const Error own = open([](std::uint64_t, Out) -> Expected<std::size_t> { return fail(ErrorCode::Cancelled, "no"); });
  CHECK(own.code == ErrorCode::Cancelled);
  CHECK(own.file == "cb");
  CHECK(open([](std::uint64_t, Out) -> Expected<std::size_t> { throw 1; }).code == ErrorCode::Internal);
  CHECK(File::from_reader({}, ~std::uint64_t{0}, "cb").error().code == ErrorCode::BadArgument);
}

TEST_CASE("a split set opens from any of its parts", "[gguf]") {
  const test::TempDir dir;
  dir.file(part_name(1), part({{}, 0}));  // gguf-split can leave all tensors to the others
  dir.file(part_name(2), part({{"a"}, 1}));
  dir.file(part_name(3), part({{"b", "c"}, 2}));
  for (int i = 1; i <= 3; ++i) {
    const auto file = File::open(dir / part_name(i));
    REQUIRE(file);
    CHECK(file->parts().size() == 3);
    CHECK(file->name() == dir / part_name(1));
    CHECK(file->metadata().get<std::string>("general.architecture").value() == "llama");
    REQUIRE(file->tensors().size() == 3);
    CHECK(file->find("a")->part == 1);
    CHECK(file->find("c")->part == 2);
    CHECK(file->data(*file->find("c")).size() == 4);
    CHECK(file->unchanged());
    test::walk(*file);
  }
  OpenOptions alone;
  alone.follow_split = false;
  CHECK(File::open(dir / part_name(3), alone)->tensors().size() == 2);
  CHECK(File::from_bytes(part({{"a"}, 1}), "m").error().code == ErrorCode::BadSplit);
  CHECK(File::from_bytes(part({{"a"}, 1}), "m", alone));
}

TEST_CASE("a split set that does not fit together is refused", "[gguf]") {
  const auto refused = [](const std::string& what, const PartText& second, const std::string& subject) {
    INFO(what);
    const test::TempDir dir;
    dir.file(part_name(1), part({{"a"}, 0}));
    dir.file(part_name(2), part(second));
    dir.file(part_name(3), part({{"c"}, 2}));
    const auto file = File::open(dir / part_name(1));
    REQUIRE_FALSE(file);
    INFO(file.error().to_string());
    CHECK(file.error().code == ErrorCode::BadSplit);
    CHECK(file.error().subject == subject);
  };
  refused("the first part again", {{"b"}, 0}, "split.no");
  refused("out of range", {{"b"}, 3}, "split.no");
  refused("no number", {{"b"}, std::nullopt}, "split.no");
  refused("of another set", {{"b"}, 1, 4}, "split.count");
  refused("of no set", {{"b"}, 1, 1}, "split.count");
  refused("another total", {{"b"}, 1, 3, 4}, "split.tensors.count");
  refused("too few tensors", {{}, 1, 3, std::nullopt}, "split.tensors.count");
  refused("a tensor of another part", {{"a"}, 1}, "a");
  const auto other = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
  refused("another byte order", {{"b"}, 1, 3, 3, other}, "");

  const test::TempDir dir;
  const std::string first = dir.file(part_name(1), part({{"a"}, 0}));
  const auto missing = File::open(first);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::BadSplit);
  CHECK(missing.error().file == dir / part_name(2));
  dir.file(part_name(2), {});
  CHECK(File::open(first).error().code == ErrorCode::Truncated);  // what is wrong with a part speaks for itself
  const auto renamed = File::open(dir.file("renamed.gguf", part({{"a"}, 0})));
  REQUIRE_FALSE(renamed);
  CHECK(renamed.error().code == ErrorCode::BadSplit);
  CHECK(renamed.error().expected == "a name that ends in -00001-of-00003.gguf");
}

TEST_CASE("the reference files open without a warning, and their type sizes are right", "[gguf]") {
  const char* shared = std::getenv("LAMINA_SHARED");
  if (shared == nullptr || !std::filesystem::is_directory(shared)) return;
  for (const std::string folder : {"models", "conformance/arch", "conformance/hf", "conformance/quant",
                                   "conformance/qmodels", "conformance/tokenizer"}) {
    const auto path = std::filesystem::path(shared) / folder;
    if (!std::filesystem::is_directory(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() != ".gguf") continue;
      INFO(entry.path());
      const auto file = File::open(entry.path().string());
      REQUIRE(file);
      // No gap, no overlap, nothing after the end: so every tensor's size in bytes is what its writer took it to be.
      CHECK(file->warnings().empty());
      CHECK_FALSE(file->metadata().get<std::string>("general.architecture").value().empty());
      for (const auto& tensor : file->tensors()) CHECK(file->data(tensor).size() == tensor.n_bytes);
    }
  }
}
