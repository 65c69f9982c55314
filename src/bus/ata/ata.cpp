// SPDX-License-Identifier: Apache-2.0
#include "bus/ata/ata.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace kelvin::bus::ata {

void Request::finish(u64 transferred) {
    registers.status = status::kIdle;
    registers.error = 0;
    ended(transferred);
}

void Request::refuse(u8 error) {
    registers.status = status::kIdle | status::kError;
    registers.error = error;
    ended(0);
}

/// The sense key is in the error register; the rest is asked for (ATA/ATAPI-7, 6.49).
void Request::complete(scsi::Status how, const scsi::Sense& why, u64 transferred) {
    const bool good = how == scsi::Status::good;
    constexpr u8 kIllegalRequest = 5;
    registers.status = status::kReady | (good ? 0 : status::kError);
    registers.error = good ? u8{0} : static_cast<u8>(why.key << 4 | (why.key == kIllegalRequest ? error::kAborted : 0));
    registers.count = reason::kCommand | reason::kToHost;
    ended(transferred);
}

IdeBus::IdeBus(EventLoop& io, CableListener& listener, const Shape& shape, const std::string& name)
    : Bus(kKind), io_(io), listener_(listener), shape_(shape) {
    set_name(name);
}

std::optional<unsigned> IdeBus::free_place() const {
    for (unsigned place = 0; place < shape_.places; ++place) {
        if (units_.at(place) == nullptr) {
            return place;
        }
    }
    return std::nullopt;
}

Result<unsigned> IdeBus::choose_place(const Unit& unit) const {
    const std::optional<u32> wanted = unit.wanted();
    if (wanted && *wanted >= shape_.places) {
        return user_error(fmt::format("unit={}: bus '{}' has {}", *wanted, name(),
                                      shape_.places == 1 ? "unit 0 only" : "units 0 and 1"),
                          "leave unit out, or take another bus");
    }
    const std::optional<unsigned> place = wanted ? std::optional<unsigned>(*wanted) : free_place();
    if (!place || units_.at(*place) != nullptr) {
        return user_error(place ? fmt::format("unit={} of bus '{}' is taken", *place, name())
                                : fmt::format("bus '{}' is full", name()),
                          "take another bus: info qtree lists them");
    }
    return *place;
}

Result<> IdeBus::attach(bus::Device& device, bool hot) {
    auto* const unit = dynamic_cast<Unit*>(&device);
    KELVIN_ASSERT(unit != nullptr);
    if (hot && !shape_.is_serial) {
        return user_error(fmt::format("bus '{}' is a cable whose drives are there from the start", name()),
                          "use virtio-blk-pci, or a bus of ich9-ahci");
    }
    const unsigned place = KELVIN_TRY(choose_place(*unit));
    units_.at(place) = unit;
    io_.call([&] {
        unit->connected({shape_.is_serial, shape_.number * kMaxPlaces + place});
        listener_.unit_attached(place, *unit, hot);
    });
    return ok();
}

unsigned IdeBus::find(const bus::Device& device) const {
    const auto found = std::ranges::find_if(units_, [&](const Unit* unit) { return unit == &device; });
    KELVIN_ASSERT(found != units_.end());
    return static_cast<unsigned>(found - units_.begin());
}

void IdeBus::detach(bus::Device& device) {
    const unsigned place = find(device);
    io_.call([&] {
        units_.at(place)->drain();
        listener_.unit_detached(place);
    });
    units_.at(place) = nullptr;
}

Result<> IdeBus::request_detach(bus::Device& device, bus::DetachObserver& observer) {
    if (!shape_.is_serial) {
        return user_error(fmt::format("the drives of bus '{}' cannot be taken out while the machine runs", name()));
    }
    observer.device_released(device);
    return ok();
}

std::string IdeBus::place_of(const bus::Device& device) const {
    return fmt::format("unit {}", find(device));
}

std::string IdeBus::firmware_node(const bus::Device& device) const {
    return fmt::format("drive@{:x}/disk@{:x}", shape_.number, find(device));
}

}  // namespace kelvin::bus::ata
