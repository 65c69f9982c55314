// SPDX-License-Identifier: Apache-2.0
#include "bus/scsi/scsi.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace kelvin::bus::scsi {

namespace {

constexpr u8 kInquiry = 0x12;
constexpr u8 kRequestSense = 0x03;
constexpr u8 kReportLuns = 0xa0;

u32 big_endian32(std::span<const u8> bytes) {
    return u32{bytes[0]} << 24 | u32{bytes[1]} << 16 | u32{bytes[2]} << 8 | bytes[3];
}

/// A target's missing unit answers what tells that it is missing (SPC-4, 6.6.2).
void answer_missing(Request& request) {
    const auto cdb = request.cdb();
    if (cdb[0] == kInquiry && cdb[1] == 0) {
        std::array<u8, 36> data{};
        data[0] = 0x7f;
        data[2] = 5;
        data[3] = 2;
        data[4] = data.size() - 5;
        request.answer(data, u64{cdb[3]} << 8 | cdb[4]);
    } else if (cdb[0] == kRequestSense) {
        request.answer(sense::kNoSuchUnit.fixed(), cdb[4]);
    } else {
        request.fail(sense::kNoSuchUnit);
    }
}

}  // namespace

std::array<u8, 18> Sense::fixed() const {
    std::array<u8, 18> bytes{};
    bytes[0] = 0x70;
    bytes[2] = key;
    bytes[7] = bytes.size() - 8;
    bytes[12] = code;
    bytes[13] = qualifier;
    return bytes;
}

void Request::answer(std::span<const u8> data, u64 allocation) {
    const u64 size = std::min({u64{data.size()}, allocation, in_size()});
    KELVIN_ASSERT(write_in(0, data.first(size)));
    succeed(size);
}

ScsiBus::ScsiBus(EventLoop& io, BusListener* listener) : Bus("SCSI"), io_(io), listener_(listener) {}

bool ScsiBus::has_target(u32 target) const {
    const auto found = units_.lower_bound({target, 0});
    return found != units_.end() && found->first.target == target;
}

void ScsiBus::report_luns(u32 target, Request& request) const {
    std::vector<u8> data(8);
    for (const auto& [address, unit] : units_) {
        if (address.target == target) {
            // Flat addressing from 256 on (SAM-5, 4.7.7).
            const u8 method = address.lun > 0xff ? 0x40 : 0;
            const std::array<u8, 8> entry{static_cast<u8>(address.lun >> 8 | method), static_cast<u8>(address.lun)};
            data.insert(data.end(), entry.begin(), entry.end());
        }
    }
    const u32 size = static_cast<u32>(data.size() - 8);
    data[2] = static_cast<u8>(size >> 8);
    data[3] = static_cast<u8>(size);
    request.answer(data, big_endian32(request.cdb().subspan(6)));
}

void ScsiBus::execute(u32 target, u32 lun, Request& request) {
    if (request.cdb()[0] == kReportLuns) {
        return report_luns(target, request);
    }
    const auto found = units_.find({target, lun});
    if (found == units_.end()) {
        return answer_missing(request);
    }
    found->second->execute(request);
}

void ScsiBus::drain() {
    for (const auto& [address, unit] : units_) {
        unit->drain();
    }
}

void ScsiBus::settle() {
    for (const auto& [address, unit] : units_) {
        unit->settle();
    }
}

Result<ScsiBus::Address> ScsiBus::choose_place(const LogicalUnit& unit) const {
    const LogicalUnit::Place& place = unit.place();
    if (place.channel != 0) {
        return user_error(fmt::format("channel={}: bus '{}' has channel 0 only", place.channel, name()));
    }
    if (place.lun > kMaxLun || place.target.value_or(0) > kMaxTarget) {
        return user_error(fmt::format("scsi-id goes to {} and lun to {}", kMaxTarget, kMaxLun));
    }
    u32 target = place.target.value_or(0);
    while (!place.target && target <= kMaxTarget && units_.contains({target, place.lun})) {
        ++target;
    }
    if (target > kMaxTarget) {
        return user_error(fmt::format("bus '{}' is full", name()));
    }
    if (units_.contains({target, place.lun})) {
        return user_error(fmt::format("scsi-id={},lun={} of bus '{}' is taken", target, place.lun, name()),
                          "leave scsi-id out: a free one is taken then");
    }
    return Address{target, place.lun};
}

Result<> ScsiBus::attach(bus::Device& device, bool hot) {
    auto* const unit = dynamic_cast<LogicalUnit*>(&device);
    KELVIN_ASSERT(unit != nullptr);
    const Address address = KELVIN_TRY(choose_place(*unit));
    io_.call([&] {
        units_[address] = unit;
        if (hot && listener_ != nullptr) {
            listener_->unit_changed(address.target, address.lun, true);
        }
    });
    return ok();
}

ScsiBus::Address ScsiBus::address_of(const bus::Device& device) const {
    const auto found = std::ranges::find_if(units_, [&](const auto& each) { return each.second == &device; });
    KELVIN_ASSERT(found != units_.end());
    return found->first;
}

void ScsiBus::detach(bus::Device& device) {
    const Address address = address_of(device);
    io_.call([&] {
        units_.at(address)->drain();
        units_.erase(address);
        if (listener_ != nullptr) {
            listener_->unit_changed(address.target, address.lun, false);
        }
    });
}

Result<> ScsiBus::request_detach(bus::Device& device, bus::DetachObserver& observer) {
    observer.device_released(device);
    return ok();
}

std::string ScsiBus::place_of(const bus::Device& device) const {
    const Address address = address_of(device);
    return fmt::format("scsi-id {}, lun {}", address.target, address.lun);
}

std::string ScsiBus::firmware_node(const bus::Device& device) const {
    const Address address = address_of(device);
    return fmt::format("channel@0/disk@{:x},{:x}", address.target, address.lun);
}

}  // namespace kelvin::bus::scsi
