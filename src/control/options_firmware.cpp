// SPDX-License-Identifier: Apache-2.0
// -pflash and -drive if=pflash, -L: what the machine begins with.
#include <fmt/format.h>

#include <algorithm>

#include "control/option_table.h"

namespace kelvin::control {

namespace {

using Banks = decltype(vm::MachineSpec::pflash);

/// The bank that the user names, else the first that is free.
Result<std::size_t> choose_bank(const Banks& banks, std::optional<u32> wanted) {
    const auto free = std::ranges::find_if(banks, [](const auto& bank) { return !bank.has_value(); });
    const std::size_t number = wanted ? *wanted : static_cast<std::size_t>(free - banks.begin());
    if (number >= banks.size()) {
        return user_error(wanted ? fmt::format("the machine has no flash bank {}", number)
                                 : "both of the machine's flash banks have an image already",
                          "unit=0 is the firmware, unit=1 its variables");
    }
    if (banks[number]) {
        return user_error(fmt::format("flash bank {} has an image already: '{}'", number, banks[number]->file),
                          "unit=0 is the firmware, unit=1 its variables");
    }
    return number;
}

Result<> take_image(Banks& banks, const vm::DriveSpec& drive) {
    if (drive.file.empty()) {
        return user_error("-drive if=pflash: the image is missing", "file=PATH names it");
    }
    const auto number = choose_bank(banks, drive.unit ? drive.unit : drive.index);
    if (!number) {
        Error error = number.error();
        error.what = fmt::format("flash image '{}': {}", drive.file, error.what);
        return error;
    }
    banks[*number] = vm::PflashSpec{drive.file, drive.readonly, drive.snapshot.value_or(false)};
    return ok();
}

}  // namespace

Result<> apply_pflash(Draft& draft, const std::string& value) {
    vm::DriveSpec drive;
    drive.file = value;
    drive.interface = vm::DriveInterface::pflash;
    draft.line.spec.drives.push_back(std::move(drive));
    return ok();
}

Result<> settle_flash(Draft& draft) {
    vm::MachineSpec& spec = draft.line.spec;
    const auto is_flash = [](const vm::DriveSpec& drive) { return drive.interface == vm::DriveInterface::pflash; };
    for (const vm::DriveSpec& drive : spec.drives) {
        if (is_flash(drive)) {
            KELVIN_TRY(take_image(spec.pflash, drive));
        }
    }
    std::erase_if(spec.drives, is_flash);
    return ok();
}

}  // namespace kelvin::control
