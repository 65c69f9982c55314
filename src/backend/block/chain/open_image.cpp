// SPDX-License-Identifier: Apache-2.0
#include "backend/block/chain/open_image.h"

#include <fmt/format.h>

#include <algorithm>

namespace kelvin::block {

namespace {

bool names_protocol(const std::string& name) {
    const std::size_t colon = name.find(':');
    return colon != std::string::npos && colon < name.find('/');
}

class Opener {
  public:
    explicit Opener(IoContext& io) : io_(io) {}

    Result<OpenedImage> open(const OpenOptions& options) {
        OpenedImage opened;
        opened.file = KELVIN_TRY(FileNode::open(io_, options.file));
        if (std::ranges::find(seen_, opened.file->identity()) != seen_.end()) {
            return image_behind_itself(options.file.path);
        }
        seen_.push_back(opened.file->identity());
        if (seen_.size() > kMaxDepth) {
            return too_many_images(options.file.path);
        }
        opened.format = options.format ? *options.format : KELVIN_TRY(probe_format(io_, *opened.file));
        opened.node = opened.file;
        if (opened.format == Format::qcow2) {
            opened.qcow2 = KELVIN_TRY(qcow2::Image::open(io_, opened.file,
                                                         {.read_only = options.file.read_only,
                                                          .discard = options.file.discard,
                                                          .for_repair = options.for_repair}));
            opened.node = opened.qcow2;
            if (options.with_backing && !opened.qcow2->header().backing_name.empty()) {
                KELVIN_TRY(open_backing(options, *opened.qcow2));
            }
        }
        return opened;
    }

  private:
    Result<> open_backing(const OpenOptions& overlay, qcow2::Image& image) {
        const BackingImage backing = KELVIN_TRY(backing_image(overlay.file.path, image.header()));
        OpenOptions options;
        options.file = overlay.file;
        options.file.path = backing.path;
        options.file.read_only = true;
        options.file.create = false;
        options.file.lock = overlay.file.lock == LockMode::none ? LockMode::none : LockMode::reader;
        options.format = backing.format;
        auto opened = open(options);
        if (!opened) {
            Error error = opened.error();
            error.what = fmt::format("backing file of '{}': {}", overlay.file.path, error.what);
            return error;
        }
        if (!options.format && opened->format == Format::raw) {
            return backing_format_missing(overlay.file.path, image.header().backing_name);
        }
        image.set_backing(opened->node);
        return ok();
    }

    IoContext& io_;
    std::vector<FileIdentity> seen_;
};

}  // namespace

std::string_view format_name(Format format) {
    return format == Format::raw ? "raw" : "qcow2";
}

std::optional<Format> format_called(std::string_view name) {
    if (name == "raw" || name == "file" || name == "host_device") {
        return Format::raw;
    }
    return name == "qcow2" ? std::optional(Format::qcow2) : std::nullopt;
}

Result<Format> probe_format(IoContext& io, FileNode& file) {
    u8 start[8] = {};
    const SingleBuffer buffer(start);
    if (const int error = io.run(file.read(0, buffer.buffers())); error != 0) {
        return host_error(fmt::format("image '{}' cannot be read", file.path()), error);
    }
    return qcow2::is_qcow2(start) ? Format::qcow2 : Format::raw;
}

Result<BackingImage> backing_image(const std::string& path, const qcow2::Header& header) {
    BackingImage backing{KELVIN_TRY(backing_path(path, header.backing_name)), {}};
    if (!header.backing_format.empty()) {
        backing.format = format_called(header.backing_format);
        if (!backing.format) {
            return user_error(
                fmt::format("image '{}': its backing file '{}' has the format '{}', which is not known here", path,
                            header.backing_name, header.backing_format),
                "raw and qcow2 are known");
        }
    }
    return backing;
}

Error image_behind_itself(const std::string& path) {
    return user_error(fmt::format("image '{}' is behind itself", path),
                      "kelvin-img rebase -u -b FILE -F FORMAT gives an image another backing file");
}

Error too_many_images(const std::string& path) {
    return user_error(fmt::format("image '{}': more than {} images are behind each other", path, kMaxDepth));
}

Error backing_format_missing(const std::string& path, const std::string& backing_name) {
    return user_error(fmt::format("image '{}' does not say which format its backing file '{}' has", path, backing_name),
                      fmt::format("if it is raw: kelvin-img rebase -u -F raw -b '{}' '{}'", backing_name, path));
}

Result<std::string> backing_path(const std::string& image, const std::string& name) {
    std::string file = name.starts_with("file:") ? name.substr(5) : name;
    if (names_protocol(file)) {
        return user_error(fmt::format("image '{}': its backing file '{}' is not a file's name", image, name),
                          "names inside an image open files only; write ./ before a name with a colon");
    }
    if (file.empty()) {
        return user_error(fmt::format("image '{}': its backing file's name is empty", image));
    }
    const std::size_t slash = image.rfind('/');
    return file.starts_with('/') || slash == std::string::npos ? file : image.substr(0, slash + 1) + file;
}

Result<OpenedImage> open_image(IoContext& io, const OpenOptions& options) {
    return Opener(io).open(options);
}

}  // namespace kelvin::block
