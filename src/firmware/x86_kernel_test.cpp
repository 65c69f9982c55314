// SPDX-License-Identifier: Apache-2.0
#include "firmware/x86_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "firmware/byte_writer.h"

namespace kelvin::firmware {
namespace {

class X86KernelTest : public testing::Test {
  protected:
    ~X86KernelTest() override { ::unlink(path_.c_str()); }

    Result<X86Kernel> open(std::span<const u8> content) {
        std::ofstream(path_, std::ios::binary)
            .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
        return X86Kernel::open(path_);
    }
    static void patch16(std::vector<u8>& bytes, size_t at, u16 value) {
        bytes[at] = static_cast<u8>(value);
        bytes[at + 1] = static_cast<u8>(value >> 8);
    }

    /// One segment of 8 bytes and 8 more of zeros at 0x100000, and a note with the entry 0x100004.
    static std::vector<u8> elf64() {
        ByteWriter file;
        file.put32(0x464c457f).put8(2).put8(1).put8(1).zeros(9).put16(2).put16(62).put32(1);
        file.put64(0x100000).put64(64).put64(0).put32(0).put16(64).put16(56).put16(2).zeros(6);
        file.put32(1).put32(7).put64(192).put64(0xffffffff80100000).put64(0x100000).put64(8).put64(16).put64(0x1000);
        file.put32(4).put32(4).put64(176).put64(0).put64(0).put64(16).put64(16).put64(4);
        file.put32(4).put32(4).put32(18).text("Xen", 4);
        std::vector<u8> bytes = file.take();
        // The note's description is behind its header; the segment's bytes follow.
        const u8 rest[] = {0x04, 0, 0x10, 0, 1, 2, 3, 4, 5, 6, 7, 8};
        bytes.insert(bytes.end(), std::begin(rest), std::end(rest));
        // Of the note: offset 176, 20 bytes; of the segment: 196.
        bytes[64 + 8] = 196;
        bytes[120 + 32] = 20;
        return bytes;
    }
    static std::vector<u8> bz_image() {
        std::vector<u8> bytes(1024 + 512 + 100);
        bytes[0x1f1] = 2;
        bytes[0x201] = 0x66;
        std::ranges::copy(std::string_view("HdrS"), bytes.begin() + 0x202);
        patch16(bytes, 0x206, 0x20f);
        bytes[0x211] = 1;
        patch16(bytes, 0x22c + 2, 0x7fff);
        patch16(bytes, 0x22c, 0xffff);
        patch16(bytes, 0x238, 2047);
        bytes[0x25a] = 0x10;  // it prefers 1 MiB
        patch16(bytes, 0x260, 0x2000);
        bytes[1536] = 0xab;
        return bytes;
    }

    const std::string path_ = testing::TempDir() + "x86_kernel_test." + std::to_string(::getpid());
    std::vector<u8> memory_ = std::vector<u8>(2 << 20, 0xee);
    RamView ram_{Gpa{0}, memory_};
};

TEST_F(X86KernelTest, LoadsAnElfWithAPvhEntry) {
    const auto kernel = open(elf64());
    ASSERT_TRUE(kernel) << kernel.error().message();
    EXPECT_EQ(kernel->format(), X86KernelFormat::pvh);
    const auto loaded = kernel->load(ram_);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded->entry.value, 0x100004u);
    EXPECT_EQ(loaded->start.value, 0x100000u);
    EXPECT_EQ(loaded->end.value, 0x100010u);
    EXPECT_EQ(memory_[0x100000], 1);
    EXPECT_EQ(memory_[0x100007], 8);
    EXPECT_EQ(memory_[0x100008], 0);
    EXPECT_EQ(memory_[0x10000f], 0);
    EXPECT_EQ(memory_[0x100010], 0xee);
}

TEST_F(X86KernelTest, LoadsABzImage) {
    const auto kernel = open(bz_image());
    ASSERT_TRUE(kernel) << kernel.error().message();
    EXPECT_EQ(kernel->format(), X86KernelFormat::linux);
    EXPECT_EQ(kernel->max_arguments(), 2047u);
    EXPECT_EQ(kernel->max_initrd_address(), 0x7fffffffu);
    EXPECT_EQ(kernel->setup_header().size(), 0x268u - 0x1f1u);
    const auto loaded = kernel->load(ram_);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded->entry.value, 0x100000u);
    EXPECT_EQ(loaded->end.value, 0x102000u);
    EXPECT_EQ(memory_[0x100000], 0xab);
}

TEST_F(X86KernelTest, WhatItIsNotIsSaid) {
    const auto expect = [&](const std::vector<u8>& content, const char* words) {
        const auto kernel = open(content);
        ASSERT_FALSE(kernel) << words;
        EXPECT_NE(kernel.error().message().find(words), std::string::npos) << kernel.error().message();
    };
    expect({'r', 'o', 'o', 't', ':'}, "not an x86 kernel");
    std::vector<u8> arm = elf64();
    arm[18] = 183;
    expect(arm, "not an x86 kernel");
    std::vector<u8> no_entry = elf64();
    no_entry[184] = 17;
    expect(no_entry, "without a PVH entry");
    std::vector<u8> many = elf64();
    patch16(many, 56, 0xffff);
    expect(many, "damaged");
    std::vector<u8> far = elf64();
    far[64 + 8 + 7] = 0x7f;
    expect(far, "lies behind its end");
    std::vector<u8> old = bz_image();
    patch16(old, 0x206, 0x203);
    expect(old, "protocol 2.03");
    std::vector<u8> cut = bz_image();
    cut.resize(1400);
    expect(cut, "damaged");
}

TEST_F(X86KernelTest, MemoryMustBeThere) {
    const auto kernel = open(elf64());
    ASSERT_TRUE(kernel);
    const auto loaded = kernel->load({Gpa{0}, std::span(memory_).first(0x100008)});
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message().find("-m"), std::string::npos);
}

/// Whatever the bytes are, it is opened or refused, and loads into its memory only.
TEST_F(X86KernelTest, AnyBytes) {
    u64 random = 1;
    for (int round = 0; round < 300; ++round) {
        std::vector<u8> bytes = round % 2 == 0 ? elf64() : bz_image();
        for (int change = 0; change < 6; ++change) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[(random >> 33) % std::min<size_t>(bytes.size(), 0x270)] = static_cast<u8>(random >> 20);
        }
        if (const auto kernel = open(bytes)) {
            static_cast<void>(kernel->load(ram_));
        }
    }
}

}  // namespace
}  // namespace kelvin::firmware
