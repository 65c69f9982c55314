// SPDX-License-Identifier: Apache-2.0
#include "firmware/device_tree.h"

#include <gtest/gtest.h>
#include <libfdt.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace kelvin::firmware {
namespace {

std::vector<u8> small_tree() {
    DeviceTree tree;
    tree.cells("#address-cells", {2});
    tree.cells("#size-cells", {2});
    {
        const auto cpus = tree.node("cpus");
        tree.strings("compatible", {"a", "bc"});
        const auto cpu = tree.node("cpu@0");
        tree.u64s("reg", {0x123456789});
    }
    {
        const auto memory = tree.node("memory@0");
        tree.string("device_type", "memory");
    }
    return tree.finish().value();
}

TEST(DeviceTree, WritesWhatLibfdtReads) {
    const auto blob = small_tree();
    ASSERT_EQ(fdt_check_full(blob.data(), blob.size()), 0);
    const int cpu = fdt_path_offset(blob.data(), "/cpus/cpu@0");
    ASSERT_GE(cpu, 0);
    int length = 0;
    const void* reg = fdt_getprop(blob.data(), cpu, "reg", &length);
    ASSERT_EQ(length, 8);
    EXPECT_EQ(std::memcmp(reg, "\0\0\0\1\x23\x45\x67\x89", 8), 0);
    const int cpus = fdt_path_offset(blob.data(), "/cpus");
    EXPECT_EQ(fdt_stringlist_count(blob.data(), cpus, "compatible"), 2);
}

TEST(DeviceTree, GrowsWithItsContent) {
    DeviceTree tree;
    const std::string long_text(300000, 'x');
    tree.string("bootargs", long_text);
    const auto blob = tree.finish();
    ASSERT_TRUE(blob);
    EXPECT_GT(blob.value().size(), long_text.size());
}

TEST(DeviceTree, RefusesToGrowForEver) {
    DeviceTree tree;
    tree.string("bootargs", std::string(20 << 20, 'x'));
    EXPECT_FALSE(tree.finish());
}

class DeviceTreeFile : public testing::Test {
  protected:
    DeviceTreeFile() { std::fclose(std::fopen(path_.c_str(), "wb")); }
    ~DeviceTreeFile() override { std::remove(path_.c_str()); }
    void write(const std::vector<u8>& bytes) {
        std::FILE* file = std::fopen(path_.c_str(), "wb");
        std::fwrite(bytes.data(), 1, bytes.size(), file);
        std::fclose(file);
    }
    std::string path_ = testing::TempDir() + "kelvin-device-tree-test-" + std::to_string(::getpid());
};

TEST_F(DeviceTreeFile, GetsMemoryInitrdAndArguments) {
    write(small_tree());
    const auto blob = load_device_tree(path_, {"console=ttyAMA0", 0x1000, 0x2000, 0x40000000, 0x10000000});
    ASSERT_TRUE(blob) << blob.error().message();
    const void* fdt = blob.value().data();
    const int chosen = fdt_path_offset(fdt, "/chosen");
    EXPECT_STREQ(static_cast<const char*>(fdt_getprop(fdt, chosen, "bootargs", nullptr)), "console=ttyAMA0");
    EXPECT_NE(fdt_getprop(fdt, chosen, "linux,initrd-end", nullptr), nullptr);
    EXPECT_LT(fdt_path_offset(fdt, "/memory@0"), 0);
    EXPECT_GE(fdt_path_offset(fdt, "/memory@40000000"), 0);
}

TEST_F(DeviceTreeFile, DamagedBlobsAreRefused) {
    const auto good = small_tree();
    write({good.begin(), good.end() - 10});
    EXPECT_FALSE(load_device_tree(path_, {}));
    write({'n', 'o'});
    const auto text = load_device_tree(path_, {});
    EXPECT_NE(text.error().message().find("not a usable device tree"), std::string::npos);
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 0x55;
        write(bad);
        static_cast<void>(load_device_tree(path_, {"x", 1, 2, 3, 4}));
    }
}

}  // namespace
}  // namespace kelvin::firmware
