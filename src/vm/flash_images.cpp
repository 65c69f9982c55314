// SPDX-License-Identifier: Apache-2.0
#include "vm/flash_images.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "backend/flash/flash_file.h"

namespace kelvin::vm {

namespace {

/// Where packages put firmware.
constexpr auto kFolders = std::to_array<std::string_view>({
    "/usr/share/AAVMF",
    "/usr/share/qemu-efi-aarch64",
    "/usr/share/edk2/aarch64",
    "/usr/share/seabios",
    "/usr/share/OVMF",
    "/usr/lib/ipxe/qemu",
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
                      "apt-get install qemu-efi-aarch64 brings AAVMF_CODE.fd and QEMU_EFI.fd, seabios brings "
                      "bios-256k.bin; -L FOLDER names a folder to look in");
}

Result<std::string> find_default_firmware(const MachineSpec& spec) {
    const bool begins = !spec.boot.kernel.empty() || !spec.boot.firmware.empty() || spec.pflash.front().has_value();
    if (begins || (spec.drives.empty() && spec.block_nodes.empty())) {
        return std::string();
    }
    // Firmware that enforces Secure Boot starts less.
    for (const char* name : {"AAVMF_CODE.no-secboot.fd", "AAVMF_CODE.fd", "QEMU_EFI.fd"}) {
        if (auto found = find_firmware(name, spec.boot.firmware_folders)) {
            return found;
        }
    }
    return user_error(
        "there are disks, but neither a kernel nor firmware that could start a system from them",
        "apt-get install qemu-efi-aarch64 brings firmware; -bios FILE names another, -L FOLDER where it is");
}

Result<FlashImages> open_flash_images(const MachineSpec& spec, const std::string& firmware) {
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
    if (!firmware.empty()) {
        images.front() = KELVIN_TRY(backend::FlashFile::open("firmware", firmware, true));
    }
    return images;
}

}  // namespace kelvin::vm
