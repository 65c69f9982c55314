// SPDX-License-Identifier: Apache-2.0
// Puts kernel, initrd and device tree into RAM the way QEMU does, and says where the first CPU begins.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "firmware/input_file.h"
#include "firmware/kernel_image.h"

namespace kelvin::machine {

/// Paths; empty where there is none.
struct BootFiles {
    std::string kernel;
    std::string initrd;
    std::string arguments;    ///< the kernel's command line
    std::string device_tree;  ///< instead of the board's own
};

/// What a device tree says about this boot.
struct BootFacts {
    std::optional<std::string> arguments;
    u64 initrd_start = 0;
    u64 initrd_end = 0;  ///< 0: no initrd
};

/// State of the first CPU.
struct BootEntry {
    u64 pc = 0;
    u64 x0 = 0;  ///< address of the device tree, 0 if there is none
};

/// The files are opened and examined once, and read again at each load.
class Arm64Boot {
  public:
    using MakeDeviceTree = std::function<Result<std::vector<u8>>(const BootFacts&)>;

    /// A wrong or missing file is an error here, before anything is built.
    static Result<Arm64Boot> open(const BootFiles& files);

    /// Lines for the user about files that are accepted but may not be what was meant.
    std::string note() const { return kernel_.note(); }

    /// `make_device_tree` is asked if the user gave none.
    Result<BootEntry> load(firmware::RamView ram, const MakeDeviceTree& make_device_tree) const;

  private:
    Arm64Boot(firmware::KernelImage kernel, BootFiles files) : kernel_(std::move(kernel)), files_(std::move(files)) {}

    Result<u64> load_device_tree(firmware::RamView ram, const firmware::LoadedKernel& kernel, const BootFacts& facts,
                                 u64 behind, const MakeDeviceTree& make_device_tree) const;

    firmware::KernelImage kernel_;
    std::optional<firmware::InputFile> initrd_;
    BootFiles files_;
};

}  // namespace kelvin::machine
