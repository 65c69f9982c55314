// SPDX-License-Identifier: Apache-2.0
#include "firmware/kernel_image.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

namespace kelvin::firmware {
namespace {

using Bytes = std::vector<u8>;

/// A folder that goes away with the test.
class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kelvin-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }

    std::string write(const std::string& name, const Bytes& content) const {
        const std::string path = path_ + "/" + name;
        std::FILE* file = std::fopen(path.c_str(), "wb");
        if (!content.empty()) {
            std::fwrite(content.data(), 1, content.size(), file);
        }
        std::fclose(file);
        return path;
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

template <class T>
void put(Bytes& bytes, u64 offset, T value) {
    if (bytes.size() < offset + sizeof value) {
        bytes.resize(offset + sizeof value);
    }
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

Bytes image(u64 text_offset, u64 image_size, u64 file_size, u64 flags = 0xa) {
    Bytes bytes(file_size, 0xcc);
    put(bytes, 8, text_offset);
    put(bytes, 16, image_size);
    put(bytes, 24, flags);
    put(bytes, 56, u32{0x644d5241});
    return bytes;
}

Bytes gzip(const Bytes& plain) {
    Bytes out(compressBound(plain.size()) + 64);
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    Bytes input = plain;
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Bytes zboot(const Bytes& payload, const char* compression) {
    Bytes bytes(512 + payload.size());
    std::memcpy(bytes.data(), "MZ", 2);
    std::memcpy(bytes.data() + 4, "zimg", 4);
    put(bytes, 8, u32{512});
    put(bytes, 12, static_cast<u32>(payload.size()));
    std::strcpy(reinterpret_cast<char*>(bytes.data() + 24), compression);
    std::copy(payload.begin(), payload.end(), bytes.begin() + 512);
    return bytes;
}

struct ElfOptions {
    u16 machine = 183;
    u8 elf_class = 2;
    u8 data = 1;
    u64 address = 0x40200000;
    u64 virtual_address = 0x40200000;
    u64 entry = 0x40200010;
    u64 file_size = 256;
    u64 memory_size = 4096;
};

Bytes elf(const ElfOptions& o) {
    Bytes bytes(4096, 0xee);
    std::memset(bytes.data(), 0, 128);
    std::memcpy(bytes.data(),
                "\x7f"
                "ELF",
                4);
    bytes[4] = o.elf_class;
    bytes[5] = o.data;
    put(bytes, 18, o.machine);
    put(bytes, 24, o.entry);
    put(bytes, 32, u64{64});
    put(bytes, 54, u16{56});
    put(bytes, 56, u16{1});
    put(bytes, 64, u32{1});
    put(bytes, 64 + 8, u64{1024});
    put(bytes, 64 + 16, o.virtual_address);
    put(bytes, 64 + 24, o.address);
    put(bytes, 64 + 32, o.file_size);
    put(bytes, 64 + 40, o.memory_size);
    return bytes;
}

class KernelImageTest : public testing::Test {
  protected:
    static constexpr u64 kRam = 16 << 20;

    std::string file(const Bytes& content) { return folder_.write("kernel", content); }
    std::string error_of(const Bytes& content) {
        const auto result = KernelImage::open(file(content));
        return result ? "accepted" : result.error().message();
    }
    Result<LoadedKernel> load(const Bytes& content) {
        const auto opened = KernelImage::open(file(content));
        return opened ? opened.value().load({Gpa{0x40000000}, ram_}) : opened.error();
    }
    void expect_error(const Bytes& content, const std::string& part) {
        const auto result = load(content);
        ASSERT_FALSE(result) << part;
        EXPECT_NE(result.error().message().find(part), std::string::npos) << result.error().message();
        EXPECT_NE(result.error().message().find(folder_.path()), std::string::npos) << "names no file";
    }

    Folder folder_;
    Bytes ram_ = Bytes(kRam, 0);
};

TEST_F(KernelImageTest, ImageAtItsTextOffset) {
    const auto loaded = load(image(0x80000, 0x9000, 5000));
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded.value().entry.value, 0x40080000u);
    EXPECT_EQ(loaded.value().end.value, 0x40089000u);
    EXPECT_EQ(ram_[0x80000 + 4999], 0xcc);
    EXPECT_EQ(ram_[0x80000 + 5000], 0);
}

// Measured on QEMU 10.0.2: a kernel with text_offset 0 is entered at 0x40200000.
TEST_F(KernelImageTest, TextOffsetZeroMovesUpByTwoMebibytes) {
    EXPECT_EQ(load(image(0, 0x9000, 5000)).value().entry.value, 0x40200000u);
}

TEST_F(KernelImageTest, OldImageWithoutSizeUsesTheDefaultOffset) {
    EXPECT_EQ(load(image(0x1234, 0, 5000)).value().entry.value, 0x40080000u);
}

TEST_F(KernelImageTest, GzipAndZbootGiveTheSameBytes) {
    const Bytes plain = image(0, 0x100000, 700000);
    for (const Bytes& packed : {gzip(plain), zboot(gzip(plain), "gzip")}) {
        std::ranges::fill(ram_, u8{0});
        const auto loaded = load(packed);
        ASSERT_TRUE(loaded) << loaded.error().message();
        EXPECT_EQ(loaded.value().entry.value, 0x40200000u);
        EXPECT_TRUE(std::equal(plain.begin(), plain.end(), ram_.begin() + 0x200000));
        EXPECT_EQ(loaded.value().end.value, 0x40300000u);
    }
}

TEST_F(KernelImageTest, ElfSegmentsAndZeroedRest) {
    std::ranges::fill(ram_, u8{0xff});
    const auto loaded = load(elf({}));
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded.value().entry.value, 0x40200010u);
    EXPECT_FALSE(loaded.value().linux_protocol);
    EXPECT_EQ(ram_[0x200000], 0xee);
    EXPECT_EQ(ram_[0x200000 + 256], 0);
    EXPECT_EQ(ram_[0x200000 + 4096], 0xff);
}

TEST_F(KernelImageTest, ElfEntryIsTranslatedToThePhysicalAddress) {
    const auto loaded = load(elf({.virtual_address = 0xffff800080000000, .entry = 0xffff800080000040}));
    EXPECT_EQ(loaded.value().entry.value, 0x40200040u);
}

// `gcc -nostdlib -static -Wl,-Ttext=0x40200000` makes such files, and QEMU runs them.
TEST_F(KernelImageTest, ElfHeadersOutsideOfRamAreLeftOut) {
    Bytes bytes = elf({});
    put(bytes, 56, u16{2});
    const Bytes first(bytes.begin() + 64, bytes.begin() + 120);
    std::copy(first.begin(), first.end(), bytes.begin() + 120);
    put(bytes, 64 + 8, u64{0});
    put(bytes, 64 + 24, u64{0x400000});
    const auto loaded = load(bytes);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded.value().start.value, 0x40200000u);
}

TEST_F(KernelImageTest, FlatBinaryIsAcceptedWithANote) {
    const auto opened = KernelImage::open(file({0x5f, 0x20, 0x03, 0xd5, 0xff, 0xff, 0xff, 0x17}));
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_NE(opened.value().note().find("flat binary"), std::string::npos);
}

TEST_F(KernelImageTest, WrongFilesAreNamed) {
    Bytes bzimage(1024);
    bzimage[0x1fe] = 0x55;
    bzimage[0x1ff] = 0xaa;
    std::memcpy(bzimage.data() + 0x202, "HdrS", 4);
    expect_error(bzimage, "x86 Linux kernel");
    expect_error(bzimage, "take the arm64 kernel");
    expect_error(elf({.machine = 62}), "64-bit ELF file for x86-64");
    expect_error(elf({.machine = 40, .elf_class = 1}), "32-bit ELF file for 32-bit Arm");
    expect_error(elf({.data = 2}), "big-endian");
    expect_error({'r', 'o', 'o', 't', ':', 'x', '\n'}, "a text file");
    expect_error({'#', '!', '/', 'b', 'i', 'n'}, "a script");
    expect_error(Bytes(5000), "zeros");
    expect_error({'Q', 'F', 'I', 0xfb, 0, 0, 0, 3}, "qcow2");
    expect_error(gzip({'h', 'e', 'l', 'l', 'o'}), "decompressed, is a text file");
    expect_error(gzip(elf({})), "ELF file for aarch64");
    expect_error(zboot({1, 2, 3}, "zstd"), "compressed with zstd");
    expect_error(image(0, 4096, 4096, 1), "big-endian arm64");
    expect_error({'h', 'i'}, "accepted are");
}

TEST_F(KernelImageTest, DamagedFilesAreNamed) {
    expect_error({}, "empty");
    Bytes cut = gzip(image(0, 0x100000, 700000));
    cut.resize(cut.size() - 20);
    expect_error(cut, "damaged");
    Bytes flipped = gzip(image(0, 0x100000, 700000));
    flipped[flipped.size() / 2] ^= 0xff;
    expect_error(flipped, "damaged");
    Bytes short_payload = zboot(gzip(image(0, 0x100000, 7000)), "gzip");
    short_payload.resize(516);
    expect_error(short_payload, "cut off");
    Bytes short_elf = elf({});
    short_elf.resize(1100);
    expect_error(short_elf, "cut off");
    short_elf.resize(40);
    expect_error(short_elf, "cut off");
    expect_error(elf({.file_size = 8192}), "larger in the file");
    expect_error(elf({.file_size = 0, .memory_size = 0}), "nothing to load");
}

// An Image with an EFI stub is a PE file whose section table gives the length that the file must have.
TEST_F(KernelImageTest, TruncatedImageIsSeenBySections) {
    Bytes bytes = image(0, 0x10000, 0x8000);
    std::memcpy(bytes.data(), "MZ", 2);
    put(bytes, 60, u32{64});
    put(bytes, 64, u32{0x4550});
    put(bytes, 70, u16{1});
    put(bytes, 84, u16{0});
    put(bytes, 88 + 16, u32{0x7000});
    put(bytes, 88 + 20, u32{0x1000});
    EXPECT_TRUE(load(bytes));
    bytes.resize(0x7fff);
    expect_error(bytes, "cut off");
}

TEST_F(KernelImageTest, WhatDoesNotFitSaysHowMuchIsNeeded) {
    expect_error(image(0, 15 << 20, 4096), "15 MiB");
    expect_error(image(~u64{0} - 5, 4096, 4096), "-m");
    expect_error(image(0x80000, ~u64{0}, 4096), "-m");
    expect_error(gzip(image(0, 0x1000, 15 << 20)), "-m");
    expect_error(elf({.address = 0xffff800080000000}), "outside of the machine's RAM");
    expect_error(elf({.address = 0x40fff800}), "outside");
    expect_error(elf({.memory_size = ~u64{0}}), "outside");
}

TEST_F(KernelImageTest, WhatCannotBeOpened) {
    const auto missing = KernelImage::open(folder_.path() + "/nothing");
    EXPECT_NE(missing.error().message().find("No such file"), std::string::npos);
    const auto directory = KernelImage::open(folder_.path());
    EXPECT_NE(directory.error().message().find("is a directory"), std::string::npos);
    const std::string pipe = folder_.path() + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_NE(KernelImage::open(pipe).error().message().find("is a pipe"), std::string::npos);
}

// Whatever the header says, examining and loading must end without a crash.
TEST_F(KernelImageTest, EveryHeaderByteMayBeDamaged) {
    for (const Bytes& good : {image(0, 0x9000, 5000), elf({}), zboot(gzip(image(0, 0x9000, 5000)), "gzip")}) {
        for (u64 i = 0; i < 120; ++i) {
            Bytes bad = good;
            bad[i] = static_cast<u8>(bad[i] ^ 0xff);
            const auto result = load(bad);
            EXPECT_TRUE(result || !result.error().what.empty());
        }
    }
}

}  // namespace
}  // namespace kelvin::firmware
