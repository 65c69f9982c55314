// SPDX-License-Identifier: Apache-2.0
#include "vm/flash_images.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "backend/flash/flash_file.h"

namespace kelvin::vm {

namespace {

/// Where packages put firmware for AArch64.
constexpr auto kFolders = std::to_array<std::string_view>({
    "/usr/share/AAVMF",
    "/usr/share/qemu-efi-aarch64",
    "/usr/share/edk2/aarch64",
    "/usr/share/qemu",
});

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace

Result<std::string> find_firmware(const std::string& name, std::span<const std::string> folders) {
    if (exists(name)) {
        return name;
    }
    if (name.find('/') == std::string::npos) {
        for (const std::string& folder : folders) {
            if (const std::string path = folder + "/" + name; exists(path)) {
                return path;
            }
        }
        for (const std::string_view folder : kFolders) {
            if (const std::string path = fmt::format("{}/{}", folder, name); exists(path)) {
                return path;
            }
        }
    }
    return user_error(fmt::format("there is no firmware '{}'", name),
                      "apt-get install qemu-efi-aarch64 brings AAVMF_CODE.fd and QEMU_EFI.fd; -L FOLDER names a folder "
                      "to look in");
}

Result<FlashImages> open_flash_images(const MachineSpec& spec) {
    FlashImages images;
    for (std::size_t bank = 0; bank < images.size(); ++bank) {
        if (const std::optional<PflashSpec>& given = spec.pflash[bank]) {
            images[bank] = KELVIN_TRY(backend::FlashFile::open(fmt::format("pflash{}", bank), given->file,
                                                               given->read_only, given->snapshot));
        }
    }
    if (!spec.boot.firmware.empty()) {
        if (images.front() != nullptr) {
            return user_error("the first flash bank has two contents: -bios and pflash unit 0",
                              "leave one of them out");
        }
        const std::string path = KELVIN_TRY(find_firmware(spec.boot.firmware, spec.boot.firmware_folders));
        images.front() = KELVIN_TRY(backend::FlashFile::open("firmware", path, true));
    }
    return images;
}

}  // namespace kelvin::vm
