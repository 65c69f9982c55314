// SPDX-License-Identifier: Apache-2.0
#include "vm/flash_images.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace kelvin::vm {
namespace {

struct Observer final : backend::FlashWriteObserver {
    int error = -1;
    void flash_written(int number) override { error = number; }
};

class FlashImagesTest : public testing::Test {
  protected:
    FlashImagesTest() { std::filesystem::create_directories(folder_); }
    ~FlashImagesTest() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name, const std::string& content) {
        const std::string path = folder_ + "/" + name;
        std::FILE* const out = std::fopen(path.c_str(), "wb");
        std::fwrite(content.data(), 1, content.size(), out);
        std::fclose(out);
        return path;
    }

    std::string folder_ = testing::TempDir() + "kelvin-flash-test-" + std::to_string(::getpid());
    MachineSpec spec_;
};

TEST_F(FlashImagesTest, FirmwareIsFoundByItsName) {
    const std::string path = file("MY_CODE.fd", "code");
    const std::string folders[] = {"/nonexistent", folder_};
    EXPECT_EQ(*find_firmware(path, {}), path);
    EXPECT_EQ(*find_firmware("MY_CODE.fd", folders), path);
    const auto missing = find_firmware("MY_CODE.fd", {});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message().find("qemu-efi-aarch64"), std::string::npos);
}

TEST_F(FlashImagesTest, DisksAloneNeedFirmware) {
    spec_.boot.firmware_folders = {folder_};
    EXPECT_EQ(*find_default_firmware(spec_), "");
    spec_.drives.emplace_back();
    const std::string path = file("AAVMF_CODE.no-secboot.fd", "code");
    EXPECT_EQ(*find_default_firmware(spec_), path);
    spec_.boot.kernel = "/kernel";
    EXPECT_EQ(*find_default_firmware(spec_), "");
    spec_.boot.kernel = "";
    spec_.pflash[0] = PflashSpec{path, true};
    EXPECT_EQ(*find_default_firmware(spec_), "");
}

TEST_F(FlashImagesTest, WritesAreInTheFile) {
    const std::string path = file("vars.fd", "0123456789");
    spec_.pflash[1] = PflashSpec{path, false};
    const auto images = open_flash_images(spec_, "");
    ASSERT_TRUE(images);
    EXPECT_EQ((*images)[0], nullptr);
    backend::FlashImage& image = *(*images)[1];
    std::vector<u8> content(16);
    ASSERT_TRUE(image.read(content));
    EXPECT_EQ(content[9], '9');
    EXPECT_EQ(content[10], 0);
    Observer observer;
    image.write(3, std::vector<u8>{'a', 'b'}, observer);
    EXPECT_EQ(observer.error, 0);
    ASSERT_TRUE(image.read(content));
    EXPECT_EQ(std::string(content.begin(), content.begin() + 10), "012ab56789");
}

TEST_F(FlashImagesTest, Mistakes) {
    const std::string path = file("vars.fd", "x");
    spec_.boot.firmware = path;
    spec_.pflash[0] = PflashSpec{path, true};
    EXPECT_FALSE(open_flash_images(spec_, ""));
    spec_.boot.firmware = "";
    spec_.pflash[0] = PflashSpec{folder_ + "/nothing", true};
    EXPECT_FALSE(open_flash_images(spec_, ""));
    spec_.pflash[0] = PflashSpec{folder_, true};
    EXPECT_FALSE(open_flash_images(spec_, ""));
    // One store of variables in both banks, or in two machines, would be written by both.
    spec_.pflash[0] = PflashSpec{path, false};
    spec_.pflash[1] = PflashSpec{path, false};
    const auto twice = open_flash_images(spec_, "");
    ASSERT_FALSE(twice);
    EXPECT_NE(twice.error().message().find(std::to_string(::getpid())), std::string::npos) << twice.error().message();
}

}  // namespace
}  // namespace kelvin::vm
