// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/profile_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace kelvin::translator {
namespace {

const u8 kCode[] = {0x90, 0x90, 0xc3};

/// A file of this process alone, as tests run side by side, for as long as this lives.
struct OwnFile {
    explicit OwnFile(const char* name) : path(testing::TempDir() + std::to_string(getpid()) + "." + name) {}
    OwnFile(const OwnFile&) = delete;
    OwnFile& operator=(const OwnFile&) = delete;
    ~OwnFile() { unlink(path.c_str()); }

    const std::string path;
};

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

NamedCode at(u64 address, const std::string& name) {
    return {kCode, reinterpret_cast<const u8*>(address), sizeof kCode, name};
}

TEST(PerfMap, HasALineForEachPieceOfCode) {
    const OwnFile file("perf.map");
    const std::string& path = file.path;
    const auto map = std::move(PerfMap::create(path).value());
    map->add({}, at(0x1000, "stub exit"));
    map->add(0, at(0x2000, "guest a"));
    map->add(1, at(0x3000, "guest b"));
    EXPECT_EQ(contents(path), "1000 3 stub exit\n2000 3 guest a\n3000 3 guest b\n");
}

TEST(PerfMap, ForgetsWhatASegmentHeldBefore) {
    const OwnFile file("perf.map");
    const std::string& path = file.path;
    const auto map = std::move(PerfMap::create(path).value());
    map->add({}, at(0x1000, "stub exit"));
    map->add(0, at(0x2000, "guest a"));
    map->add(1, at(0x3000, "guest b"));
    map->forget(0);
    map->forget(7);
    map->add(0, at(0x2000, "guest c"));
    EXPECT_EQ(contents(path), "1000 3 stub exit\n3000 3 guest b\n2000 3 guest c\n");
}

TEST(PerfMap, SaysWhatToDoWhenTheFileCannotBeMade) {
    const OwnFile target_file("target"), link_file("link.map");
    const std::string& target = target_file.path;
    const std::string& link = link_file.path;
    ASSERT_EQ(symlink(target.c_str(), link.c_str()), 0);
    for (const std::string& path : {std::string("/nowhere/perf.map"), link}) {
        const auto map = PerfMap::create(path);
        ASSERT_FALSE(map);
        EXPECT_NE(map.error().message().find(path), std::string::npos);
        EXPECT_NE(map.error().message().find("perf looks for it there"), std::string::npos);
    }
}

template <class T>
T field(const std::string& bytes, std::size_t offset) {
    T value{};
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

TEST(JitDump, HasCodeNamesAndTimes) {
    const OwnFile file("jit.dump");
    const std::string& path = file.path;
    {
        const auto dump = std::move(JitDump::create(path).value());
        dump->add(at(0x7000, "guest a"));
    }
    const std::string bytes = contents(path);
    constexpr std::size_t kHeader = 40, kRecord = 56;
    ASSERT_EQ(bytes.size(), kHeader + kRecord + sizeof "guest a" + sizeof kCode);
    EXPECT_EQ(field<u32>(bytes, 0), 0x4a695444U);
    EXPECT_EQ(field<u32>(bytes, 8), kHeader);
    EXPECT_EQ(field<u32>(bytes, kHeader + 4), bytes.size() - kHeader);
    EXPECT_GE(field<u64>(bytes, kHeader + 8), field<u64>(bytes, 24));
    EXPECT_EQ(field<u32>(bytes, kHeader + 16), static_cast<u32>(getpid()));
    EXPECT_EQ(field<u64>(bytes, kHeader + 24), 0x7000U);
    EXPECT_EQ(field<u64>(bytes, kHeader + 40), sizeof kCode);
    EXPECT_STREQ(bytes.c_str() + kHeader + kRecord, "guest a");
    EXPECT_EQ(std::memcmp(bytes.data() + bytes.size() - sizeof kCode, kCode, sizeof kCode), 0);
}

TEST(JitDump, SaysWhatToDoWhenTheFileCannotBeMade) {
    const auto dump = JitDump::create("/nowhere/jit.dump");
    ASSERT_FALSE(dump);
    EXPECT_NE(dump.error().message().find("/nowhere/jit.dump"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::translator
