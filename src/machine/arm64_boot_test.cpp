// SPDX-License-Identifier: Apache-2.0
#include "machine/arm64_boot.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace kelvin::machine {
namespace {

constexpr u64 kMebi = u64{1} << 20;

/// Files that are removed with the test.
class BootTest : public testing::Test {
  protected:
    ~BootTest() override {
        for (const std::string& path : paths_) {
            std::remove(path.c_str());
        }
    }

    std::string file(const std::string& name, const std::vector<u8>& content) {
        paths_.push_back(testing::TempDir() + "kelvin-boot-test-" + std::to_string(::getpid()) + name);
        std::FILE* out = std::fopen(paths_.back().c_str(), "wb");
        std::fwrite(content.data(), 1, content.size(), out);
        std::fclose(out);
        return paths_.back();
    }
    /// An Image with text_offset 0 that claims `size` bytes of memory.
    std::string image(u64 size) {
        std::vector<u8> bytes(64);
        const u32 magic = 0x644d5241;
        std::memcpy(bytes.data() + 16, &size, 8);
        std::memcpy(bytes.data() + 56, &magic, 4);
        return file("kernel", bytes);
    }
    Result<BootEntry> load(const BootFiles& files, u64 ram_size) {
        ram_.assign(ram_size, 0);
        const auto boot = Arm64Boot::open(files);
        if (!boot) {
            return boot.error();
        }
        return boot.value().load({Gpa{0x40000000}, ram_}, [this](const BootFacts& facts) {
            facts_ = facts;
            return Result<std::vector<u8>>(std::vector<u8>(tree_size_, 0xdd));
        });
    }

    std::vector<std::string> paths_;
    std::vector<u8> ram_;
    u64 tree_size_ = 1000;
    BootFacts facts_;
};

// The addresses of the following three were measured on QEMU 10.0.2.
TEST_F(BootTest, LayoutWithoutInitrd) {
    const auto entry = load({image(30 * kMebi), "", "", ""}, 512 * kMebi);
    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_EQ(entry.value().pc, 0x40200000U);
    EXPECT_EQ(entry.value().x0, 0x48000000U);
    EXPECT_EQ(ram_[0x8000000], 0xdd);
    EXPECT_FALSE(facts_.arguments);
    EXPECT_EQ(facts_.initrd_end, 0U);
}

TEST_F(BootTest, LayoutWithInitrd) {
    const auto entry =
        load({image(30 * kMebi), file("initrd", std::vector<u8>(0x4c5, 0xaa)), "quiet", ""}, 512 * kMebi);
    EXPECT_EQ(facts_.initrd_start, 0x48000000U);
    EXPECT_EQ(facts_.initrd_end, 0x480004c5U);
    EXPECT_EQ(facts_.arguments, "quiet");
    EXPECT_EQ(entry.value().x0, 0x48200000U);
    EXPECT_EQ(ram_[0x80004c4], 0xaa);
    EXPECT_EQ(ram_[0x80004c5], 0);
}

TEST_F(BootTest, LayoutInASmallMemory) {
    const std::string initrd = file("initrd", std::vector<u8>(1000));
    EXPECT_EQ(load({image(30 * kMebi), initrd, "", ""}, 128 * kMebi).value().x0, 0x44200000U);
    // vmlinuz-6.1 of Debian 12 claims 0x2010000 bytes, more than the half of 64 MiB leaves.
    EXPECT_EQ(load({image(0x2010000), initrd, "", ""}, 64 * kMebi).value().x0, 0x42400000U);
}

TEST_F(BootTest, WhatDoesNotFit) {
    const auto initrd = load({image(kMebi), file("initrd", std::vector<u8>(9 * kMebi)), "", ""}, 16 * kMebi);
    EXPECT_NE(initrd.error().message().find("room for 8 MiB"), std::string::npos) << initrd.error().message();
    tree_size_ = 20 * kMebi;
    const auto tree = load({image(kMebi), "", "", ""}, 16 * kMebi);
    EXPECT_NE(tree.error().message().find("device tree"), std::string::npos);
    EXPECT_FALSE(load({image(kMebi), "", "", ""}, 4096));
}

TEST_F(BootTest, NothingToRun) {
    EXPECT_NE(load({}, kMebi).error().message().find("-kernel"), std::string::npos);
    EXPECT_NE(load({"", "x", "", ""}, kMebi).error().message().find("-initrd without"), std::string::npos);
    EXPECT_NE(load({"", "", "x", ""}, kMebi).error().message().find("-append without"), std::string::npos);
    EXPECT_NE(load({image(kMebi), "/nowhere", "", ""}, kMebi).error().message().find("initrd '/nowhere'"),
              std::string::npos);
}

}  // namespace
}  // namespace kelvin::machine
