// SPDX-License-Identifier: Apache-2.0
#include "backend/display/picture_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <png.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/fd.h"

namespace kelvin::backend {

namespace {

/// Three bytes a pixel.
std::vector<u8> colors_of(const Picture& picture) {
    std::vector<u8> bytes;
    bytes.reserve(picture.pixels.size() * 3);
    for (const u32 pixel : picture.pixels) {
        bytes.push_back(static_cast<u8>(pixel >> 16));
        bytes.push_back(static_cast<u8>(pixel >> 8));
        bytes.push_back(static_cast<u8>(pixel));
    }
    return bytes;
}

/// Portable pixmap, binary.
std::vector<u8> ppm(const Picture& picture) {
    const std::string head = fmt::format("P6\n{} {}\n255\n", picture.width, picture.height);
    std::vector<u8> bytes(head.begin(), head.end());
    const std::vector<u8> colors = colors_of(picture);
    bytes.insert(bytes.end(), colors.begin(), colors.end());
    return bytes;
}

Result<std::vector<u8>> png(const Picture& picture) {
    const std::vector<u8> colors = colors_of(picture);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = picture.width;
    image.height = picture.height;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::vector<u8> bytes(size);
    if (png_image_write_to_memory(&image, bytes.data(), &size, 0, colors.data(), 0, nullptr) == 0) {
        return Error{ErrorKind::host, fmt::format("PNG: {}", image.message), ""};
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace

Result<> write_picture(const Picture& picture, const std::string& path, PictureFormat format) {
    const std::vector<u8> bytes = format == PictureFormat::png ? KELVIN_TRY(png(picture)) : ppm(picture);
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) {
        return host_error(fmt::format("cannot make '{}'", path), errno);
    }
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t written = ::write(file.get(), bytes.data() + done, bytes.size() - done);
        if (written <= 0) {
            const int why = written < 0 ? errno : EIO;
            ::unlink(path.c_str());
            return host_error(fmt::format("cannot write '{}'", path), why);
        }
        done += static_cast<std::size_t>(written);
    }
    return ok();
}

}  // namespace kelvin::backend
