// SPDX-License-Identifier: Apache-2.0
// Media of CD drives: trays that the user or the guest moves, what is put in and taken out.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "vm/drives.h"

namespace kelvin::vm {

namespace {

constexpr std::string_view kNamedDevices = "/machine/peripheral/";

/// As QMP names a device: by its id if it has one.
std::string device_name(const Claimant& device) {
    return device.path.starts_with(kNamedDevices) ? device.path.substr(kNamedDevices.size()) : device.path;
}

}  // namespace

void Drives::watch(Entry& entry) {
    entry.drives = this;
    if (observer_ == nullptr) {
        return;
    }
    entry.drive->set_failure_handler(
        [](void* context, const block::Drive::Failure& failure) {
            auto& failing = *static_cast<Entry*>(context);
            failing.drives->failed(failing, failure);
        },
        &entry);
    entry.drive->set_tray_handler(
        [](void* context, bool open) {
            const auto& moved = *static_cast<Entry*>(context);
            moved.drives->observer_->tray_moved(
                {{"device", moved.id}, {"id", device_name(moved.device)}, {"tray-open", open}});
        },
        &entry);
}

Result<Drives::Entry*> Drives::find_tray(const MediumPlace& place) const {
    if (place.drive.empty() == place.device.empty()) {
        return user_error("exactly one of the drive and the device is needed");
    }
    const bool by_device = place.drive.empty();
    const std::string& wanted = by_device ? place.device : place.drive;
    std::vector<std::string> names;
    for (const auto& entry : entries_) {
        const std::string name = by_device ? device_name(entry->device) : entry->id;
        if (name == wanted || (by_device && entry->device.path == wanted)) {
            return entry->drive->tray() != nullptr
                       ? Result<Entry*>(entry.get())
                       : user_error(fmt::format("'{}' is no drive whose medium can be taken out", wanted),
                                    "ide-cd and scsi-cd are");
        }
        if (entry->drive->tray() != nullptr) {
            names.push_back(name);
        }
    }
    std::erase(names, "");
    const std::vector<std::string_view> known(names.begin(), names.end());
    return user_error(fmt::format("there is no CD drive called '{}'{}", wanted, did_you_mean(wanted, known)),
                      "query-block and info block list the drives");
}

template <class Work>
Result<> Drives::with_tray(const MediumPlace& place, Work&& work) {
    Result<> outcome = ok();
    io_.call([&]() {
        const auto found = find_tray(place);
        outcome = found ? work(**found) : Result<>(found.error());
    });
    return outcome;
}

/// So that what is in it can be taken out.
Result<> Drives::open_for_user(Entry& entry, bool force) {
    backend::Tray& tray = *entry.drive->tray();
    if (!tray.is_open() && tray.is_locked() && !force) {
        tray.request_open();
        return user_error(fmt::format("the guest has locked the tray of {}", entry.drive->name()),
                          "it was asked to open it: try again when it has, or force it");
    }
    tray.move(true);
    return ok();
}

void Drives::take_medium(Entry& entry) {
    if (entry.node == nullptr) {
        return;
    }
    entry.drive->drain();
    entry.drive->set_medium(nullptr);
    graph_->release(*entry.node, &entry);
    entry.node = nullptr;
}

Result<> Drives::put_medium(Entry& entry, block::GraphNode& node) {
    if (auto claimed = graph_->claim(node, {&entry, entry.drive->name(), block::Access::read}); !claimed) {
        graph_->release(node, &entry);  // one that was made for this goes
        return claimed;
    }
    entry.node = &node;
    entry.drive->set_medium(node.block);
    return ok();
}

Result<> Drives::open_tray(const MediumPlace& place, bool force) {
    return with_tray(place, [&](Entry& entry) -> Result<> {
        // A guest that has locked it is asked, which is no error.
        static_cast<void>(open_for_user(entry, force));
        return ok();
    });
}

Result<> Drives::close_tray(const MediumPlace& place) {
    return with_tray(place, [](Entry& entry) -> Result<> {
        entry.drive->tray()->move(false);
        return ok();
    });
}

Result<> Drives::remove_medium(const MediumPlace& place) {
    return with_tray(place, [&](Entry& entry) -> Result<> {
        if (!entry.drive->tray()->is_open()) {
            return user_error(fmt::format("the tray of {} is closed", entry.drive->name()), "blockdev-open-tray first");
        }
        take_medium(entry);
        return ok();
    });
}

Result<> Drives::insert_medium(const MediumPlace& place, const std::string& node) {
    return with_tray(place, [&](Entry& entry) -> Result<> {
        if (!entry.drive->tray()->is_open()) {
            return user_error(fmt::format("the tray of {} is closed", entry.drive->name()), "blockdev-open-tray first");
        }
        if (entry.node != nullptr) {
            return user_error(fmt::format("there is a medium in {}", entry.drive->name()),
                              "blockdev-remove-medium first");
        }
        block::GraphNode& found = *KELVIN_TRY(graph_->get(node));
        return put_medium(entry, found);
    });
}

Result<> Drives::eject(const MediumPlace& place, bool force) {
    return with_tray(place, [&](Entry& entry) -> Result<> {
        KELVIN_TRY(open_for_user(entry, force));
        take_medium(entry);
        return ok();
    });
}

/// What can fail comes before anything is taken out.
Result<> Drives::change_medium(const MediumPlace& place, const NewMedium& wanted, bool force) {
    return with_tray(place, [&](Entry& entry) -> Result<> {
        DriveSpec spec;
        spec.id = entry.id;
        spec.file = wanted.file;
        spec.format = wanted.format;
        spec.media = Media::cdrom;
        block::GraphNode& node = *KELVIN_TRY(open_nodes(spec, entry.drive->name()));
        if (auto opened = open_for_user(entry, force); !opened) {
            graph_->release(node, &entry);
            return opened;
        }
        take_medium(entry);
        KELVIN_TRY(put_medium(entry, node));
        entry.drive->tray()->move(false);
        return ok();
    });
}

}  // namespace kelvin::vm
