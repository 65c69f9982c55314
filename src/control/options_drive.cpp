// SPDX-License-Identifier: Apache-2.0
// -blockdev, -drive, -hda and its kin, -cdrom.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/option_table.h"
#include "state/options.h"
#include "state/text_values.h"

namespace kelvin::control {

namespace {

void append(std::string& list, const std::string& key, const state::Property& property) {
    list += list.empty() ? key : "," + key;
    if (property.has_value) {
        list += '=';
        for (const char c : property.value) {
            list += c == ',' ? ",," : std::string(1, c);
        }
    }
}

/// "a.img,file.locking=off": the file's name and options of its node have one key, so that they are read apart.
Result<state::Json> read_drive(const std::string& text, state::Json& file_options) {
    constexpr std::string_view kInner = "file.";
    std::string rest;
    std::string inner;
    for (const state::Property& each : state::parse_properties(text)) {
        if (each.has_value && each.key.starts_with(kInner)) {
            append(inner, each.key.substr(kInner.size()), each);
        } else {
            append(rest, each.key, each);
        }
    }
    if (!inner.empty()) {
        file_options = KELVIN_TRY(state::parse_options(inner));
    }
    return state::parse_options(rest, "file");
}

/// "json:{...}" in place of a file's name is a node: the disk's, or with a format or a driver of files what holds it.
Result<> read_node(vm::DriveSpec& spec) {
    constexpr std::string_view kMark = "json:";
    if (!spec.file.starts_with(kMark)) {
        return ok();
    }
    state::Json node = KELVIN_TRY(state::parse_json(std::string_view(spec.file).substr(kMark.size())));
    if (!node.is_object() || !spec.file_options.is_null()) {
        return user_error("json: is followed by one object with a node's options, and file.KEY does not go with it");
    }
    spec.file.clear();
    (spec.format || node.contains("filename") ? spec.file_options : spec.node) = std::move(node);
    return ok();
}

Result<> refuse_throttling(const state::Json& options) {
    for (const auto& [key, unused] : options.items()) {
        if (key == "throttling" || key.starts_with("bps") || key.starts_with("iops")) {
            return user_error(fmt::format("{}: disks are not throttled", key),
                              "leave it out; a control group's io.max limits the whole process");
        }
    }
    return ok();
}

Result<> check_error_policy(const vm::DriveSpec& spec) {
    const backend::ErrorPolicy& policy = spec.on_error;
    if (policy.read == vm::OnError::enospc) {
        return user_error("rerror=enospc: reading takes no room", "rerror is report, ignore, stop or auto");
    }
    const bool given = policy.read != vm::OnError::automatic || policy.write != vm::OnError::automatic;
    if (given && spec.interface == vm::DriveInterface::pflash) {
        return user_error("werror and rerror are for disks, and not for flash", "leave them out");
    }
    return ok();
}

}  // namespace

Result<> apply_drive(Draft& draft, const std::string& value) {
    vm::DriveSpec spec;
    state::Json options = KELVIN_TRY(read_drive(value, spec.file_options));
    KELVIN_TRY(refuse_throttling(options));
    KELVIN_TRY(state::read_options("-drive", options, spec));
    KELVIN_TRY(check_error_policy(spec));
    KELVIN_TRY(read_node(spec));
    if (spec.file.empty() && spec.file_options.is_object() && spec.file_options.contains("filename")) {
        KELVIN_TRY(state::read_value(spec.file_options["filename"], spec.file));
    }
    draft.line.spec.drives.push_back(std::move(spec));
    return ok();
}

Result<> apply_blockdev(Draft& draft, const std::string& value) {
    draft.line.spec.block_nodes.push_back(KELVIN_TRY(state::parse_options(value, "driver")));
    return ok();
}

Result<> apply_disk(Draft& draft, const std::string& value) {
    vm::DriveSpec spec;
    spec.file = value;
    draft.line.spec.drives.push_back(std::move(spec));
    return ok();
}

Result<> apply_snapshot(Draft& draft, const std::string&) {
    draft.snapshot = true;
    return ok();
}

Result<> apply_cdrom(Draft& draft, const std::string& value) {
    vm::DriveSpec spec;
    spec.file = value;
    spec.format = vm::ImageFormat::raw;
    spec.media = vm::Media::cdrom;
    spec.index = 2;
    draft.line.spec.drives.push_back(std::move(spec));
    return ok();
}

/// A file that is named without an option: what it is, its name says.
Result<> apply_lone_disk(Draft& draft, const std::string& value) {
    constexpr auto kSuffixes = std::to_array<std::string_view>({".iso", ".img", ".raw", ".qcow2"});
    KELVIN_TRY(value.ends_with(".iso") ? apply_cdrom(draft, value) : apply_disk(draft, value));
    vm::DriveSpec& spec = draft.line.spec.drives.back();
    spec.format.reset();
    spec.named_alone = std::ranges::any_of(kSuffixes, [&](std::string_view suffix) { return value.ends_with(suffix); });
    return ok();
}

Result<> settle_snapshot(Draft& draft) {
    if (!draft.snapshot) {
        return ok();
    }
    if (!draft.line.spec.block_nodes.empty()) {
        return user_error("-snapshot is for drives; what is written to the nodes of -blockdev would be kept",
                          "-drive snapshot=on, or overlays: kelvin-img create -f qcow2 -b FILE -F FORMAT NEW");
    }
    for (vm::DriveSpec& drive : draft.line.spec.drives) {
        drive.snapshot = drive.snapshot.value_or(true);
    }
    return ok();
}

namespace {

/// The board's own IDE buses.
struct IdePlaces {
    u32 buses = 0;
    u32 units = 0;  ///< on each
};

IdePlaces ide_places(const Draft& draft) {
    if (!draft.is_pc()) {
        return {};
    }
    return draft.line.spec.x86_board == vm::X86Board::q35 ? IdePlaces{6, 1} : IdePlaces{2, 2};
}

/// Where the drive goes: it gets a bus and a unit.
Result<> place_ide(vm::DriveSpec& drive, const IdePlaces& places, std::vector<const vm::DriveSpec*>& placed) {
    if (places.buses == 0) {
        return user_error(fmt::format("drive '{}': if=ide, but this board has no IDE buses", drive.file),
                          "if=virtio; or if=none,id=NAME with -device ich9-ahci -device ide-hd,drive=NAME");
    }
    if (drive.index && (drive.bus || drive.unit)) {
        return user_error("-drive: index says the same as bus and unit", "leave one of both out");
    }
    const auto user_of = [&](u32 bus, u32 unit) {
        const auto found =
            std::ranges::find_if(placed, [&](const auto* each) { return each->bus == bus && each->unit == unit; });
        return found != placed.end() ? *found : nullptr;
    };
    const bool free = !drive.index && !drive.bus && !drive.unit;
    u32 index = drive.index.value_or(drive.bus.value_or(0) * places.units + drive.unit.value_or(0));
    while (free && index < places.buses * places.units && user_of(index / places.units, index % places.units)) {
        ++index;
    }
    if (index >= places.buses * places.units || drive.unit.value_or(0) >= places.units) {
        return user_error(fmt::format("drive '{}': there is no such place; the board has {} IDE buses with {} each",
                                      drive.file, places.buses, places.units == 1 ? "a drive" : "two drives"),
                          "leave index, bus and unit out, or add -device ich9-ahci,id=NAME for more");
    }
    drive.bus = index / places.units;
    drive.unit = index % places.units;
    if (const vm::DriveSpec* const other = user_of(*drive.bus, *drive.unit)) {
        return user_error(fmt::format("drives '{}' and '{}' are both for place {}", other->file, drive.file, index),
                          "-hda to -hdd are places 0 to 3, -cdrom is place 2; -drive index=N names one");
    }
    placed.push_back(&drive);
    return ok();
}

void add_device(Draft& draft, const vm::DriveSpec& drive) {
    vm::DeviceSpec device{.driver = "", .id = "", .bus = "", .options = state::Json::object()};
    device.options["drive"] = drive.id;
    if (drive.interface == vm::DriveInterface::virtio) {
        device.driver = fmt::format("virtio-blk-{}", draft.virtio_bus());
    } else if (drive.interface == vm::DriveInterface::ide) {
        device.driver = drive.media == vm::Media::cdrom ? "ide-cd" : "ide-hd";
        device.bus = fmt::format("ide.{}", *drive.bus);
        device.options["unit"] = *drive.unit;
    } else {
        return;
    }
    draft.line.spec.devices.push_back(std::move(device));
}

}  // namespace

Result<> settle_drives(Draft& draft) {
    using enum vm::DriveInterface;
    const IdePlaces places = ide_places(draft);
    std::vector<const vm::DriveSpec*> placed;
    for (const bool is_first : {true, false}) {
        // Those that name their places come before those that take what is left.
        for (vm::DriveSpec& drive : draft.line.spec.drives) {
            drive.interface = drive.interface.value_or(places.buses != 0 ? ide : virtio);
            const bool names = drive.index || drive.bus || drive.unit;
            if (drive.interface == ide && names == is_first && std::ranges::find(placed, &drive) == placed.end()) {
                KELVIN_TRY(place_ide(drive, places, placed));
            }
        }
    }
    unsigned number = 0;
    for (vm::DriveSpec& drive : draft.line.spec.drives) {
        if (drive.id.empty() && drive.interface == ide) {
            // As QEMU calls them.
            drive.id =
                fmt::format("ide{}-{}{}", *drive.bus, drive.media == vm::Media::cdrom ? "cd" : "hd", *drive.unit);
        } else if (drive.id.empty()) {
            drive.id = fmt::format("{}{}", state::name_of(*drive.interface), number);
        }
        ++number;
        add_device(draft, drive);
    }
    return ok();
}

}  // namespace kelvin::control
