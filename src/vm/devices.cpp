// SPDX-License-Identifier: Apache-2.0
#include "vm/devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "bus/pci/function.h"
#include "device/device_types.h"
#include "vm/firmware_files.h"
#include "vm/flash_images.h"

namespace kelvin::vm {

namespace {

Error unknown_type(const std::string& name) {
    std::vector<std::string_view> known;
    for (const bus::DeviceType* type : device::device_types()) {
        known.push_back(type->name);
        if (!type->alias.empty()) {
            known.push_back(type->alias);
        }
    }
    return user_error(fmt::format("there is no device '{}'{}", name, did_you_mean(name, known)),
                      "-device help lists the devices");
}

Error unknown_bus(const std::string& name, std::span<bus::Bus* const> buses) {
    std::vector<std::string_view> known;
    for (const bus::Bus* bus : buses) {
        known.push_back(bus->name());
    }
    return user_error(fmt::format("there is no bus '{}'{}", name, did_you_mean(name, known)),
                      fmt::format("the buses are {}", fmt::join(known, ", ")));
}

/// "virtio-blk-pci,id=x": what messages call it.
std::string title(const DeviceSpec& spec) {
    return spec.id.empty() ? spec.driver : fmt::format("{} '{}'", spec.driver, spec.id);
}

}  // namespace

Result<const bus::DeviceType*> find_type(const std::string& name) {
    const bus::DeviceType* const type = device::find_device_type(name);
    return type != nullptr ? Result<const bus::DeviceType*>(type) : unknown_type(name);
}

Devices::Devices(const Ports& ports, std::vector<bus::Bus*> board_buses, std::vector<GlobalOption> globals,
                 DevicesObserver* observer)
    : ports_(ports), board_buses_(std::move(board_buses)), globals_(std::move(globals)), observer_(observer) {}

Devices::~Devices() {
    // Last come, first gone: a device's bus goes after what is plugged into it.
    while (!entries_.empty()) {
        destroy(*entries_.back());
        entries_.pop_back();
    }
    ports_.control.cancel(this);
}

std::vector<bus::Bus*> Devices::buses() const {
    std::vector<bus::Bus*> all = board_buses_;
    for (const auto& entry : entries_) {
        const auto provided = entry->device->buses();
        all.insert(all.end(), provided.begin(), provided.end());
    }
    return all;
}

Result<bus::Bus*> Devices::choose_bus(const bus::DeviceType& type, const std::string& name) const {
    const std::vector<bus::Bus*> all = buses();
    if (!name.empty()) {
        const auto found = std::ranges::find(all, name, &bus::Bus::name);
        if (found == all.end()) {
            return unknown_bus(name, all);
        }
        if ((*found)->kind() != type.bus) {
            return user_error(fmt::format("'{}' goes into a bus of kind {}; '{}' is one of kind {}", type.name,
                                          type.bus, name, (*found)->kind()));
        }
        return *found;
    }
    const auto fits = [&](const bus::Bus* bus) { return bus->kind() == type.bus && bus->has_free_place(); };
    const auto found = std::ranges::find_if(all, fits);
    if (found == all.end()) {
        return user_error(fmt::format("no bus of kind {} has a place left for '{}'", type.bus, type.name),
                          type.bus == "SCSI"                ? "add -device virtio-scsi-pci before it"
                          : type.bus == "IDE"               ? "add -device ich9-ahci before it"
                          : type.bus == "nvme-bus"          ? "add -device nvme,serial=TEXT before it"
                          : type.bus == "virtio-serial-bus" ? "add -device virtio-serial-pci before it"
                                                            : "");
    }
    return *found;
}

Result<> Devices::make(Entry& entry, const DeviceSpec& spec, bool hot) {
    state::Json options = spec.options;
    for (const GlobalOption& global : globals_) {
        if (global.driver == entry.type->name && !options.contains(global.property)) {
            options[global.property] = global.value;
        }
    }
    Result<> outcome = ok();
    ports_.io.call([&] {
        ports_.backends.begin_claims(claimant_of(entry));
        auto made = entry.type->make(
            options, {ports_.dma, ports_.timers, ports_.io, ports_.backends, ports_.events, ports_.cpus, spec.id});
        if (made && !hot) {
            outcome = add_rom(**made);
        }
        if (made && outcome) {
            entry.device = std::move(*made);
            entry.options = std::move(options);
        } else {
            ports_.backends.release(entry.owner);
            outcome = made ? outcome : made.error();
        }
    });
    return outcome;
}

/// What comes later than firmware has nobody who would start from it.
Result<> Devices::add_rom(bus::Device& device) const {
    auto* const function = dynamic_cast<bus::pci::Function*>(&device);
    if (function == nullptr || function->placement().rombar == 0) {
        return ok();
    }
    const std::optional<std::string>& given = function->placement().romfile;
    const std::string name = given.value_or(std::string(ports_.default_roms ? function->default_rom() : ""));
    if (name.empty()) {
        return ok();
    }
    const Result<std::string> path = find_firmware(name, ports_.rom_folders);
    if (!path) {
        // Without the package that has it there is nothing to start from; nobody has asked for it.
        return given ? path.error() : Result<>(ok());
    }
    const std::vector<u8> content = KELVIN_TRY(read_whole_file(*path, "romfile"));
    return content.empty() ? user_error(fmt::format("romfile: '{}' is empty", *path)) : function->set_rom(content);
}

Claimant Devices::claimant_of(const Entry& entry) const {
    // The virtio device is an object inside its PCI function.
    const bool inside = entry.type->bus == "PCI" && entry.type->name.starts_with("virtio-");
    return {
        .key = entry.owner,
        .title = entry.id.empty() ? std::string(entry.type->name) : fmt::format("{} '{}'", entry.type->name, entry.id),
        .path = entry.path + (inside ? "/virtio-backend" : ""),
        .removable = entry.type->name.ends_with("-cd")};
}

Result<> Devices::add(const DeviceSpec& spec, bool hot) {
    const auto in_front = [&](Error error) {
        error.what = fmt::format("{}: {}", title(spec), error.what);
        return error;
    };
    const bus::DeviceType* const type = KELVIN_TRY(find_type(spec.driver));
    const bool taken =
        std::ranges::any_of(entries_, [&](const auto& e) { return !spec.id.empty() && e->id == spec.id; });
    if (taken) {
        return user_error(fmt::format("{}: another device has that id", title(spec)), "each id names one device");
    }
    const auto bus = choose_bus(*type, spec.bus);
    if (!bus) {
        return in_front(bus.error());
    }
    auto entry = std::make_unique<Entry>(
        Entry{.id = spec.id,
              .owner = spec.id.empty() ? fmt::format("{} #{}", spec.driver, made_++) : title(spec),
              .path = {},
              .type = type,
              .options = {},
              .device = {}});
    entry->path = spec.id.empty() ? fmt::format("/machine/peripheral-anon/device[{}]", anonymous_++)
                                  : "/machine/peripheral/" + spec.id;
    if (auto made = make(*entry, spec, hot); !made) {
        return in_front(made.error());
    }
    Result<> outcome = check_bootindex(*entry->device);
    if (outcome) {
        outcome = (*bus)->attach(*entry->device, hot);
    }
    if (!outcome) {
        destroy(*entry);
        return in_front(outcome.error());
    }
    entry->bus = *bus;
    entries_.push_back(std::move(entry));
    return ok();
}

Result<> Devices::remove(const std::string& id) {
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry->id == id; });
    if (id.empty() || found == entries_.end()) {
        std::vector<std::string_view> known;
        for (const auto& entry : entries_) {
            known.push_back(entry->id);
        }
        return user_error(fmt::format("there is no device '{}'{}", id, did_you_mean(id, known)));
    }
    return (*found)->bus->request_detach(*(*found)->device, *this);
}

void Devices::device_released(bus::Device& device) {
    {
        const std::lock_guard lock(lock_);
        released_.push_back(&device);
    }
    ports_.control.post(call_method<&Devices::drop_released, Devices>, this);
}

void Devices::drop_released() {
    std::vector<bus::Device*> released;
    {
        const std::lock_guard lock(lock_);
        released.swap(released_);
    }
    for (bus::Device* device : released) {
        const auto found = std::ranges::find_if(entries_, [&](const auto& e) { return e->device.get() == device; });
        if (found == entries_.end()) {
            continue;
        }
        drop(**found);
    }
}

/// What is plugged into it goes first.
void Devices::drop(Entry& gone) {
    for (const bus::Bus* provided : gone.device->buses()) {
        const auto on_it = [&](const auto& entry) { return entry->bus == provided; };
        for (auto child = std::ranges::find_if(entries_, on_it); child != entries_.end();
             child = std::ranges::find_if(entries_, on_it)) {
            drop(**child);
        }
    }
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry.get() == &gone; });
    const std::unique_ptr<Entry> entry = std::move(*found);
    entries_.erase(found);
    destroy(*entry);
    if (observer_ != nullptr) {
        observer_->device_deleted(entry->id);
    }
}

void Devices::destroy(Entry& entry) {
    if (entry.bus != nullptr) {
        entry.bus->detach(*entry.device);
    }
    ports_.io.call([&] {
        entry.device.reset();
        ports_.backends.release(entry.owner);
    });
}

void Devices::reset() {
    for (const auto& entry : entries_) {
        entry->device->reset();
    }
}

std::string Devices::owner_of(std::string_view id) const {
    const auto found = std::ranges::find(entries_, id, [](const auto& entry) -> std::string_view { return entry->id; });
    return found != entries_.end() && !id.empty() ? (*found)->owner : std::string();
}

std::string Devices::firmware_path(const Entry& entry,
                                   const std::function<std::string(const bus::Bus&)>& path_of) const {
    const auto provides = [&](const auto& other) {
        const auto provided = other->device->buses();
        return std::ranges::find(provided, entry.bus) != provided.end();
    };
    const auto owner = std::ranges::find_if(entries_, provides);
    const std::string bus = owner != entries_.end() ? firmware_path(**owner, path_of) : path_of(*entry.bus);
    const std::string node = entry.bus->firmware_node(*entry.device);
    return node.empty() ? bus : bus + "/" + node;
}

std::vector<BootCandidate> Devices::bootables(const std::function<std::string(const bus::Bus&)>& path_of) const {
    std::vector<BootCandidate> all;
    for (const auto& entry : entries_) {
        if (const std::optional<bus::Bootable> bootable = entry->device->bootable()) {
            const std::string path = firmware_path(*entry, path_of);
            all.push_back(
                {bootable->kind, bootable->index, bootable->node.empty() ? path : path + "/" + bootable->node});
        }
    }
    return all;
}

Result<> Devices::check_bootindex(const bus::Device& device) const {
    const std::optional<bus::Bootable> wanted = device.bootable();
    for (const auto& entry : entries_) {
        const std::optional<bus::Bootable> other = entry->device->bootable();
        if (wanted && other && wanted->index && *wanted->index >= 0 && wanted->index == other->index) {
            return user_error(fmt::format("bootindex={} is {}'s already", *wanted->index,
                                          entry->id.empty() ? entry->type->name : entry->id),
                              "each device has its own place in the order");
        }
    }
    return ok();
}

std::vector<DeviceEntry> Devices::list() const {
    std::vector<DeviceEntry> all;
    for (const auto& entry : entries_) {
        all.push_back({entry->id, entry->path, entry->type, entry->bus, entry->bus->place_of(*entry->device),
                       entry->device.get(), entry->options});
    }
    return all;
}

std::vector<bus::Part> Devices::parts() const {
    std::vector<bus::Part> all;
    for (const auto& entry : entries_) {
        const std::string place = entry->bus->place_of(*entry->device);
        all.push_back({place.empty() ? entry->bus->name() : fmt::format("{}/{}", entry->bus->name(), place),
                       std::string(entry->type->name), entry->device->savable()});
    }
    return all;
}

}  // namespace kelvin::vm
