// SPDX-License-Identifier: Apache-2.0
// Puts an x86 kernel, its initrd and what it is to know into RAM, as a boot loader does that starts it in 32-bit mode.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "firmware/input_file.h"
#include "firmware/x86_kernel.h"
#include "machine/arm64_boot.h"

namespace kelvin::machine {

/// What is where in memory, for the guest (E820's numbers of kinds).
struct MemoryRange {
    enum class Kind : u32 { usable = 1, reserved = 2, acpi = 3 };
    u64 base;
    u64 size;
    Kind kind;
};

/// The files are opened and examined once, and read again at each load.
class X86Boot {
  public:
    /// A wrong or missing file is an error here, before anything is built.
    static Result<X86Boot> open(const BootFiles& files);

    /// `ram` begins at 0. `acpi` is where the root pointer is, 0 if there is none; `more_arguments` are the board's,
    /// behind the user's. The entry's x0 is the address that the kernel wants in EBX or ESI.
    Result<BootEntry> load(firmware::RamView ram, const std::vector<MemoryRange>& map, u64 acpi,
                           const std::string& more_arguments) const;

  private:
    X86Boot(firmware::X86Kernel kernel, BootFiles files) : kernel_(std::move(kernel)), files_(std::move(files)) {}

    firmware::X86Kernel kernel_;
    std::optional<firmware::InputFile> initrd_;
    BootFiles files_;
};

}  // namespace kelvin::machine
