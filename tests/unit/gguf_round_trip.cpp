// SPDX-FileCopyrightText: 2026 The Lamina authors
// SPDX-License-Identifier: Apache-2.0
//
// What the writer writes the reader reads, for every version, byte order and type; and files written by hand, byte by
// byte, so that the two cannot agree on a common mistake.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "gguf_temp.hpp"
#include "gguf_walk.hpp"

using namespace lamina;
using gguf::File;
using gguf::ValueType;
using gguf::Writer;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* p = reinterpret_cast<const std::byte*>(text.data());
  return {p, p + text.size()};
}

template <class T>
void check_number(const File& file, std::string_view key, ValueType type, T expected) {
  INFO(key);
  const gguf::Value* value = file.metadata().find(key);
  REQUIRE(value != nullptr);
  CHECK(value->type() == type);
  CHECK(value->size() == 1);
  CHECK(file.metadata().get<T>(key).value() == expected);
}

}  // namespace

TEST_CASE("every value type comes back, in every version and byte order", "[gguf]") {
  for (const std::uint32_t version : {1u, 2u, 3u}) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      CAPTURE(version, order == std::endian::big);
      Writer writer(version, order, 64);
      writer.add("u8", std::uint8_t{200});
      writer.add("i8", std::int8_t{-100});
      writer.add("u16", std::uint16_t{60000});
      writer.add("i16", std::int16_t{-30000});
      writer.add("u32", std::uint32_t{4000000000});
      writer.add("i32", std::int32_t{-2000000000});
      writer.add("u64", std::numeric_limits<std::uint64_t>::max());
      writer.add("i64", std::numeric_limits<std::int64_t>::min());
      writer.add("f32", 1.5f);
      writer.add("f64", -0.1);
      writer.add("yes", true);
      writer.add("no", false);
      writer.add("text", "h\xc3\xa9llo");
      writer.add("bytes", std::string_view("\0\xff", 2));
      writer.add("empty", "");
      writer.add("a.i16", std::vector<std::int16_t>{-1, 2, 300});
      writer.add("a.f64", std::vector<double>{0.5, 1e300});
      writer.add("a.bool", std::vector<bool>{true, false, true});
      writer.add("a.text", std::vector<std::string>{"a", "", "ccc"});
      writer.add("a.none", std::vector<std::uint32_t>{});
      writer.add("a.a", std::vector<std::vector<std::uint32_t>>{{1, 2}, {}, {70000}});
      writer.add("a.a.a.a", std::vector<std::vector<std::vector<std::vector<std::string>>>>{{{{"deep"}}, {}}});
      const std::vector<std::byte> one = bytes_of("0123456789abcdef"), two = bytes_of("xyz");
      writer.add_tensor("one", std::vector<std::uint64_t>{2, 2}, 0, one);
      writer.add_tensor("two", std::vector<std::uint64_t>{3, 1, 1, 1}, 24, two);
      const auto bytes = writer.to_bytes();
      REQUIRE(bytes);

      const auto opened = File::from_bytes(*bytes, "round");
      REQUIRE(opened);
      const File& file = *opened;
      CHECK(file.version() == version);
      CHECK(file.byte_order() == order);
      CHECK(file.alignment() == 64);
      CHECK(file.size() == bytes->size());
      CHECK(file.warnings().empty());
      CHECK(file.metadata().entries().size() == 23);  // with general.alignment

      check_number<std::uint32_t>(file, "u8", ValueType::U8, 200);
      check_number<std::int32_t>(file, "i8", ValueType::I8, -100);
      check_number<std::uint16_t>(file, "u16", ValueType::U16, 60000);
      check_number<std::int16_t>(file, "i16", ValueType::I16, -30000);
      check_number<std::uint32_t>(file, "u32", ValueType::U32, 4000000000);
      check_number<std::int64_t>(file, "i32", ValueType::I32, -2000000000);
      check_number<std::uint64_t>(file, "u64", ValueType::U64, std::numeric_limits<std::uint64_t>::max());
      check_number<std::int64_t>(file, "i64", ValueType::I64, std::numeric_limits<std::int64_t>::min());
      check_number<float>(file, "f32", ValueType::F32, 1.5f);
      check_number<double>(file, "f64", ValueType::F64, -0.1);
      check_number<bool>(file, "yes", ValueType::Bool, true);
      check_number<bool>(file, "no", ValueType::Bool, false);
      check_number<std::string_view>(file, "text", ValueType::String, "h\xc3\xa9llo");
      check_number<std::string_view>(file, "bytes", ValueType::String, std::string_view("\0\xff", 2));
      check_number<std::string>(file, "empty", ValueType::String, "");

      const auto& meta = file.metadata();
      CHECK(meta.get<std::vector<std::int16_t>>("a.i16").value() == std::vector<std::int16_t>{-1, 2, 300});
      CHECK(meta.get<std::vector<float>>("a.i16").value() == std::vector<float>{-1, 2, 300});
      CHECK(meta.get<std::vector<double>>("a.f64").value() == std::vector<double>{0.5, 1e300});
      CHECK(meta.get<std::vector<bool>>("a.bool").value() == std::vector<bool>{true, false, true});
      CHECK(meta.get<std::vector<int>>("a.bool").value() == std::vector<int>{1, 0, 1});
      CHECK(meta.get<std::vector<std::string_view>>("a.text").value() == std::vector<std::string_view>{"a", "", "ccc"});
      CHECK(meta.get<std::vector<std::uint32_t>>("a.none").value().empty());
      CHECK(meta.find("a.none")->size() == 0);
      CHECK(meta.find("a.text")->size() == 3);
      const auto rows = meta.find("a.a")->elements();
      REQUIRE(rows.size() == 3);
      CHECK(rows[0].numbers<std::uint64_t>().value() == std::vector<std::uint64_t>{1, 2});
      CHECK(rows[1].size() == 0);
      CHECK(rows[2].numbers<std::uint32_t>().value() == std::vector<std::uint32_t>{70000});
      CHECK(meta.find("a.a.a.a")->elements().at(0).elements().at(0).elements().at(0).strings().value() ==
            std::vector<std::string_view>{"deep"});

      REQUIRE(file.tensors().size() == 2);
      const gguf::TensorInfo* first = file.find("one");
      REQUIRE(first == &file.tensors()[0]);
      CHECK(first->dims == std::array<std::uint64_t, 4>{2, 2, 1, 1});
      CHECK(first->n_dims == 2);
      CHECK(first->n_elements() == 4);
      CHECK(first->n_bytes == 16);
      CHECK(first->type_name() == "F32");
      CHECK(first->offset % 64 == 0);
      CHECK(std::ranges::equal(file.data(*first), one));
      CHECK(std::ranges::equal(file.data(*file.find("two")), two));
      CHECK(file.find("three") == nullptr);
      test::walk(file);
    }
  }
}

TEST_CASE("a value copied into a file of another version and byte order reads the same", "[gguf]") {
  Writer from(3, std::endian::little);
  from.add("n", std::int64_t{-5});
  from.add("f", 0.25);
  from.add("flag", true);
  from.add("text", "abc");
  from.add("flags", std::vector<bool>{false, true});
  from.add("numbers", std::vector<std::uint16_t>{1, 513});
  from.add("nested", std::vector<std::vector<std::string>>{{"x", "yy"}, {}});
  const auto source = File::from_bytes(from.to_bytes().value(), "from");
  REQUIRE(source);
  Writer to(1, std::endian::big);
  for (const auto& [key, value] : source->metadata().entries()) to.add(key, value);
  const auto copy = File::from_bytes(to.to_bytes().value(), "to");
  REQUIRE(copy);
  const auto& meta = copy->metadata();
  CHECK(meta.find("n")->type() == ValueType::I64);
  CHECK(meta.get<int>("n").value() == -5);
  CHECK(meta.get<float>("f").value() == 0.25f);
  CHECK(meta.get<bool>("flag").value());
  CHECK(meta.get<std::string>("text").value() == "abc");
  CHECK(meta.get<std::vector<bool>>("flags").value() == std::vector<bool>{false, true});
  CHECK(meta.get<std::vector<int>>("numbers").value() == std::vector<int>{1, 513});
  CHECK(meta.find("nested")->elements().at(0).strings().value() == std::vector<std::string_view>{"x", "yy"});
  CHECK(meta.find("nested")->elements().at(1).strings().value().empty());
}

TEST_CASE("files written by hand read as the specification says", "[gguf]") {
  using namespace std::string_literals;
  SECTION("version 1, little-endian: 32-bit counts, lengths and dimensions") {
    const std::string text =
        "GGUF\1\0\0\0"s + "\1\0\0\0"s + "\1\0\0\0"s +                        // 1 tensor, 1 key
        "\1\0\0\0k\x09\0\0\0"s + "\2\0\0\0\2\0\0\0\x01\x02\xff\xff"s +       // k = array of uint16 [513, 65535]
        "\1\0\0\0t\1\0\0\0\4\0\0\0"s + "\x18\0\0\0"s + "\0\0\0\0\0\0\0\0"s;  // t: int8, 4 elements, offset 0
    const std::string padded = text + std::string((32 - text.size() % 32) % 32, '\0') + "data";
    const auto bytes = bytes_of(padded);
    const auto file = File::from_memory(bytes);
    REQUIRE(file);
    CHECK(file->version() == 1);
    CHECK(file->byte_order() == std::endian::little);
    CHECK(file->metadata().get<std::vector<int>>("k").value() == std::vector<int>{513, 65535});
    CHECK(file->metadata().find("k")->offset() == 25);
    CHECK(gguf::as_text(file->data(file->tensors()[0])) == "data");
  }
  SECTION("version 3, big-endian, under the same magic") {
    const std::string text =
        "GGUF\0\0\0\3"s + "\0\0\0\0\0\0\0\0"s + "\0\0\0\0\0\0\0\1"s + "\0\0\0\0\0\0\0\1k"s + "\0\0\0\4"s + "\0\0\1\2"s;
    const auto bytes = bytes_of(text);
    const auto file = File::from_memory(bytes);
    REQUIRE(file);
    CHECK(file->version() == 3);
    CHECK(file->byte_order() == std::endian::big);
    CHECK(file->metadata().get<std::uint32_t>("k").value() == 258);
  }
}

TEST_CASE("get converts between number types only where the value fits", "[gguf]") {
  Writer writer;
  writer.add("big", std::uint64_t{300});
  writer.add("minus", std::int32_t{-1});
  writer.add("real", 2.0f);
  writer.add("huge", 1e300);
  writer.add("flag", true);
  writer.add("list", std::vector<std::uint32_t>{1, 256});
  const auto file = File::from_bytes(writer.to_bytes().value(), "numbers");
  REQUIRE(file);
  const auto& meta = file->metadata();
  CHECK(meta.get<std::uint16_t>("big").value() == 300);
  CHECK(meta.get<double>("big").value() == 300.0);
  CHECK(meta.get<float>("minus").value() == -1.0f);
  CHECK(meta.get<std::uint8_t>("big").error().code == ErrorCode::BadType);
  CHECK(meta.get<std::uint32_t>("minus").error().got == "int32 -1");
  CHECK(meta.get<std::uint32_t>("real").error().expected == "uint32");
  CHECK(meta.get<float>("huge").error().code == ErrorCode::BadType);
  CHECK(meta.get<std::uint32_t>("flag").error().got == "bool true");
  CHECK(meta.get<bool>("big").error().code == ErrorCode::BadType);
  CHECK(meta.get<std::vector<std::uint8_t>>("list").error().got == "array of 2 uint32");
  CHECK(meta.get<std::string_view>("list").error().expected == "string");

  const Error wrong = meta.get<std::string_view>("big").error();
  CHECK(wrong.file == "numbers");
  CHECK(wrong.subject == "big");
  CHECK(wrong.offset == meta.find("big")->offset());

  const Error missing = meta.get<float>("none").error();
  CHECK(missing.code == ErrorCode::MissingKey);
  CHECK(missing.subject == "none");
  CHECK(missing.expected == "float32");
  CHECK(meta.get_or<float>("none", 7.0f).value() == 7.0f);
  CHECK(meta.get_or<float>("minus", 7.0f).value() == -1.0f);
  CHECK(meta.get_or<float>("flag", 7.0f).error().code == ErrorCode::BadType);
}

TEST_CASE("the writer refuses what no reader could read", "[gguf]") {
  const auto code_of = [](auto&& use) {
    Writer writer;
    use(writer);
    const auto bytes = writer.to_bytes();
    REQUIRE_FALSE(bytes);
    return bytes.error().code;
  };
  const std::vector<std::byte> data(64);
  const std::vector<std::uint64_t> dims{16};
  CHECK(code_of([](Writer& w) { w.add("", 1); }) == ErrorCode::BadKey);
  CHECK(code_of([](Writer& w) { w.add("\xff", 1); }) == ErrorCode::BadKey);
  CHECK(code_of([](Writer& w) { w.add(std::string(65536, 'k'), 1); }) == ErrorCode::BadKey);
  CHECK(code_of([](Writer& w) { w.add("k", 1), w.add("k", 2); }) == ErrorCode::BadKey);
  CHECK(code_of([](Writer& w) { w.add("general.alignment", 64u); }) == ErrorCode::BadAlignment);
  CHECK(code_of([&](Writer& w) { w.add_tensor("", dims, 0, data); }) == ErrorCode::BadTensor);
  CHECK(code_of([&](Writer& w) { w.add_tensor(std::string(64, 't'), dims, 0, data); }) == ErrorCode::BadTensor);
  CHECK(code_of([&](Writer& w) { w.add_tensor("t", {}, 0, data); }) == ErrorCode::BadTensor);
  CHECK(code_of([&](Writer& w) { w.add_tensor("t", dims, 1, data); }) == ErrorCode::BadTensor);
  CHECK(code_of([&](Writer& w) { w.add_tensor("t", dims, 2, data); }) == ErrorCode::BadTensorType);
  CHECK(code_of([&](Writer& w) {
          w.add_tensor("t", dims, 0, data);
          w.add_tensor("t", dims, 0, data);
        }) == ErrorCode::BadTensor);
  CHECK(Writer(4).to_bytes().error().code == ErrorCode::BadVersion);
  CHECK(Writer(3, std::endian::little, 48).to_bytes().error().code == ErrorCode::BadAlignment);

  Writer same(3, std::endian::native, 128);
  same.add("general.alignment", 128u);
  const auto file = File::from_bytes(same.to_bytes().value(), "same");
  REQUIRE(file);
  CHECK(file->alignment() == 128);
  CHECK(file->metadata().entries().size() == 1);
}

TEST_CASE("writing to a path replaces the old file whole, or leaves it", "[gguf]") {
  const test::TempDir dir;
  const std::string path = dir.file("model.gguf", bytes_of("old"));
  Writer writer;
  writer.add("k", "v");
  const std::vector<std::byte> data(40);
  writer.add_tensor("t", std::vector<std::uint64_t>{10}, 0, data);
  REQUIRE(writer.write(path));
  const auto file = File::open(path);
  REQUIRE(file);
  CHECK(file->metadata().get<std::string>("k").value() == "v");
  CHECK(file->size() == writer.to_bytes()->size());

  Writer wrong;
  wrong.add("", 1);
  CHECK(wrong.write(path).error().code == ErrorCode::BadKey);
  CHECK(File::open(path));
  CHECK(writer.write(dir / "none/model.gguf").error().code == ErrorCode::IoError);
  std::filesystem::create_directory(dir / "folder");
  CHECK(writer.write(dir / "folder").error().code == ErrorCode::IoError);  // rename fails: the temporary file goes
  CHECK(writer.write("").error().code == ErrorCode::BadArgument);
  std::size_t n_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) n_files += entry.is_regular_file();
  CHECK(n_files == 1);
}

TEST_CASE("tensor types are found by number and by name in either case", "[gguf]") {
  CHECK(gguf::tensor_type(12)->name == "Q4_K");
  CHECK(gguf::tensor_type("q4_K")->id == 12);
  CHECK(gguf::tensor_type("NVFP4")->block_bytes == 36);
  CHECK(gguf::tensor_type("Q4_0_8_8")->replaced_by == "Q4_0");
  CHECK(gguf::tensor_type(43) == nullptr);
  CHECK(gguf::tensor_type("Q4") == nullptr);
}
