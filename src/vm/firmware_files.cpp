// SPDX-License-Identifier: Apache-2.0
#include "vm/firmware_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.h"

namespace kelvin::vm {

namespace {

/// Keeps a file without an end, such as /dev/zero, from taking all memory.
constexpr std::size_t kLargest = std::size_t{256} << 20;

}  // namespace

Result<std::vector<u8>> read_whole_file(const std::string& path, const std::string& option) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<u8> content;
    std::array<u8, 65536> piece{};
    for (ssize_t got = 1; got != 0;) {
        got = file ? ::read(file.get(), piece.data(), piece.size()) : -1;
        if (got < 0) {
            return host_error(fmt::format("{}: cannot read '{}'", option, path), errno);
        }
        content.insert(content.end(), piece.begin(), piece.begin() + got);
        if (content.size() > kLargest) {
            return user_error(fmt::format("{}: '{}' is larger than 256 MiB", option, path),
                              "firmware takes short texts and tables");
        }
    }
    return content;
}

Result<FirmwareFiles> read_firmware_files(const std::vector<FirmwareFileSpec>& specs) {
    FirmwareFiles files;
    for (const FirmwareFileSpec& spec : specs) {
        std::vector<u8> content(spec.content.begin(), spec.content.end());
        if (!spec.path.empty()) {
            content = KELVIN_TRY(read_whole_file(spec.path, "-fw_cfg " + spec.name));
        }
        files.emplace_back(spec.name, std::move(content));
    }
    return files;
}

}  // namespace kelvin::vm
