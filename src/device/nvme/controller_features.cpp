// SPDX-License-Identifier: Apache-2.0
// Set Features and Get Features (NVM Express Base Specification 1.4, 5.21).
#include <algorithm>

#include "device/nvme/request.h"

namespace kelvin::device::nvme {

namespace {

enum Feature : u8 {
    kArbitration = 0x01,
    kPowerManagement = 0x02,
    kTemperature = 0x04,
    kErrorRecovery = 0x05,
    kWriteCache = 0x06,
    kQueues = 0x07,
    kCoalescing = 0x08,
    kVectorConfiguration = 0x09,
    kWriteAtomicity = 0x0a,
    kEvents = 0x0b,
};

constexpr u32 kSave = u32{1} << 31;
constexpr u32 kUncoalesced = u32{1} << 16;

/// Temperature Threshold (5.21.1.4).
constexpr u32 kSelectMask = 0xf0000;
constexpr u32 kTypeMask = 0x300000;
constexpr u32 kUnder = 0x100000;

}  // namespace

bool Controller::Features::coalesced(u16 vector) const {
    return !std::ranges::binary_search(uncoalesced, vector);
}

void Controller::Features::set_coalesced(u16 vector, bool on) {
    std::erase(uncoalesced, vector);
    if (!on) {
        uncoalesced.insert(std::ranges::lower_bound(uncoalesced, vector), vector);
    }
}

void Controller::set_features(Request& request) {
    const u32 value = request.command.dword11();
    if ((request.command.dword10() & kSave) != 0) {
        return complete(request, Status::feature_not_saveable);
    }
    switch (static_cast<u8>(request.command.dword10())) {
        case kArbitration:
            features_.arbitration = value;
            break;
        case kPowerManagement:
            // There is one power state.
            return complete(request, (value & 0x1f) == 0 ? Status::success : Status::invalid_field);
        case kTemperature:
            return complete(request, set_temperature(value));
        case kErrorRecovery:
            features_.error_recovery = static_cast<u16>(value);
            break;
        case kWriteCache:
            features_.write_cache = (value & 1) != 0;
            break;
        case kQueues:
            return set_number_of_queues(request);
        case kCoalescing:
            features_.coalescing = static_cast<u16>(value);
            break;
        case kVectorConfiguration:
            if ((value & 0xffff) >= options_.vectors) {
                return complete(request, Status::invalid_field);
            }
            features_.set_coalesced(static_cast<u16>(value), (value & kUncoalesced) == 0);
            break;
        case kWriteAtomicity:
            features_.atomicity = (value & 1) != 0;
            break;
        case kEvents:
            features_.events = static_cast<u16>(value & Features::kEventsMask);
            break;
        default:
            return complete(request, Status::invalid_field);
    }
    complete(request, Status::success);
}

Status Controller::set_temperature(u32 value) {
    // Thresholds of sensors that are not there may be set, as all of them are at once.
    const u32 select = value & kSelectMask;
    if ((value & kTypeMask) > kUnder) {
        return Status::invalid_field;
    }
    if (select == 0 || select == kSelectMask) {
        ((value & kTypeMask) == kUnder ? features_.temperature_under : features_.temperature_over) =
            static_cast<u16>(value);
    }
    if (is_out_of_temperature()) {
        report({.type = kHealthType, .information = 1, .log_page = 2});
    }
    return Status::success;
}

/// 5.21.1.7: once, before there are queues.
void Controller::set_number_of_queues(Request& request) {
    const u32 wanted = request.command.dword11();
    for (std::size_t id = 1; id < submissions_.size(); ++id) {
        if (submissions_[id] != nullptr || completions_[id] != nullptr) {
            return complete(request, Status::command_sequence_error);
        }
    }
    if ((wanted & 0xffff) == 0xffff || wanted >> 16 == 0xffff) {
        return complete(request, Status::invalid_field);
    }
    const u32 count = options_.io_queues - 1U;
    complete(request, Status::success, count << 16 | count);
}

void Controller::get_features(Request& request) {
    const u32 question = request.command.dword11();
    const u32 count = options_.io_queues - 1U;
    u32 value = 0;
    switch (static_cast<u8>(request.command.dword10())) {
        case kArbitration:
            value = features_.arbitration;
            break;
        case kPowerManagement:
            break;
        case kTemperature:
            if ((question & kTypeMask) > kUnder) {
                return complete(request, Status::invalid_field);
            }
            if ((question & kSelectMask) == 0) {
                value = (question & kTypeMask) == kUnder ? features_.temperature_under : features_.temperature_over;
            }
            break;
        case kErrorRecovery:
            value = features_.error_recovery;
            break;
        case kWriteCache:
            value = features_.write_cache ? 1 : 0;
            break;
        case kQueues:
            value = count << 16 | count;
            break;
        case kCoalescing:
            value = features_.coalescing;
            break;
        case kVectorConfiguration:
            if ((question & 0xffff) >= options_.vectors) {
                return complete(request, Status::invalid_field);
            }
            value = (question & 0xffff) | (features_.coalesced(static_cast<u16>(question)) ? 0 : kUncoalesced);
            break;
        case kWriteAtomicity:
            value = features_.atomicity ? 1 : 0;
            break;
        case kEvents:
            value = features_.events;
            break;
        default:
            return complete(request, Status::invalid_field);
    }
    complete(request, Status::success, value);
}

}  // namespace kelvin::device::nvme
