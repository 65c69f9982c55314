// SPDX-License-Identifier: Apache-2.0
#include "backend/display/picture_file.h"

#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace kelvin::backend {
namespace {

class PictureFile : public ::testing::Test {
  protected:
    void SetUp() override {
        picture.resize(2, 1);
        picture.pixels = {0x112233, 0xffffff};
    }
    void TearDown() override { std::filesystem::remove(path); }
    std::string content() {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    Picture picture;
    const std::string path =
        (std::filesystem::temp_directory_path() / ("kelvin-picture-" + std::to_string(::getpid()))).string();
};

TEST_F(PictureFile, Ppm) {
    ASSERT_TRUE(write_picture(picture, path, PictureFormat::ppm));
    EXPECT_EQ(content(), "P6\n2 1\n255\n\x11\x22\x33\xff\xff\xff");
}

TEST_F(PictureFile, PngIsReadBack) {
    ASSERT_TRUE(write_picture(picture, path, PictureFormat::png));
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_NE(png_image_begin_read_from_file(&image, path.c_str()), 0);
    image.format = PNG_FORMAT_RGB;
    std::vector<u8> bytes(PNG_IMAGE_SIZE(image));
    ASSERT_NE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr), 0);
    EXPECT_EQ(bytes, (std::vector<u8>{0x11, 0x22, 0x33, 0xff, 0xff, 0xff}));
}

TEST_F(PictureFile, WhereNoneCanBe) {
    const auto outcome = write_picture(picture, "/no/such/folder/picture", PictureFormat::ppm);
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().message().find("/no/such/folder/picture"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::backend
