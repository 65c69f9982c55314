// SPDX-License-Identifier: Apache-2.0
// Opens an image with the images behind it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/block/file_node.h"
#include "backend/block/qcow2/image.h"

namespace kelvin::block {

enum class Format : u8 { raw, qcow2 };

struct OpenOptions {
    FileOptions file;              ///< file.lock is also what backing images are locked by, as readers
    std::optional<Format> format;  ///< empty: found out, which nobody should do for an image that a guest writes
    bool with_backing = true;
    bool for_repair = false;  ///< qcow2: damaged ones are opened too
};

struct OpenedImage {
    std::shared_ptr<BlockNode> node;  ///< the file itself for raw
    std::shared_ptr<FileNode> file;
    Format format = Format::raw;
    std::shared_ptr<qcow2::Image> qcow2;  ///< node, if it is one
};

/// A name of a backing image is taken from the image that says it: relative to that image's folder. It names a file,
/// never a protocol, and the format it says is believed; if it says none, only qcow2 is recognized.
Result<OpenedImage> open_image(IoContext& io, const OpenOptions& options);

std::string_view format_name(Format format);
std::optional<Format> format_called(std::string_view name);
/// What the file begins like.
Result<Format> probe_format(IoContext& io, FileNode& file);

/// What an image says of the one behind it.
struct BackingImage {
    std::string path;
    std::optional<Format> format;  ///< empty: it says none
};
Result<BackingImage> backing_image(const std::string& path, const qcow2::Header& header);
/// A chain made to exhaust us by files that refer to ever more files.
inline constexpr unsigned kMaxDepth = 200;
Error image_behind_itself(const std::string& path);
Error too_many_images(const std::string& path);
/// For one that says no format of what looks raw.
Error backing_format_missing(const std::string& path, const std::string& backing_name);

/// `name` as `image` means it.
Result<std::string> backing_path(const std::string& image, const std::string& name);

}  // namespace kelvin::block
