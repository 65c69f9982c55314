// SPDX-License-Identifier: Apache-2.0
// What a controller tells of itself: identification, logs, events (NVM Express Base
// Specification 1.4, 5.14, 5.15, 5.2).
#include <algorithm>

#include "device/nvme/request.h"

namespace kelvin::device::nvme {

namespace {

/// QEMU's, so that links in /dev/disk/by-id stay what they were.
constexpr std::string_view kModel = "QEMU NVMe Ctrl";
constexpr std::string_view kFirmware = "1.0";
constexpr std::size_t kErrorEntrySize = 64;
constexpr std::size_t kHealthSize = 512;
constexpr u16 kTemperature = 323;  // K; there is no sensor, and 0 would be alarming
constexpr u16 kWarningTemperature = 343;
constexpr u16 kCriticalTemperature = 373;
constexpr u32 kNamespaceNotices = 1 << 8;
constexpr u8 kChangedPage = 4;
/// A list that overflows says so (5.14.1.4); it cannot, as there are no more namespaces than this.
constexpr std::size_t kMaxChanged = 1024;
static_assert(Controller::kMaxNamespaces <= kMaxChanged);

enum LogPage : u8 { kErrorPage = 1, kHealthPage = 2, kFirmwarePage = 3, kEffectsPage = 5 };

/// Which event a log page lets through again.
std::optional<u8> event_type_of(u8 page) {
    switch (page) {
        case kErrorPage:
            return kErrorType;
        case kHealthPage:
            return kHealthType;
        case kChangedPage:
            return kNoticeType;
        default:
            return std::nullopt;
    }
}

/// Firmware Slot Information (5.14.1.3): the first slot is in use, and the only one.
std::vector<u8> firmware_log() {
    std::vector<u8> data(512);
    data[0] = 1;
    put_text(std::span(data).subspan(8, 8), kFirmware);
    return data;
}

/// Commands Supported and Effects (5.14.1.5).
std::vector<u8> effects_log() {
    constexpr u32 kSupported = 1;
    constexpr u32 kChangesContent = 2;
    std::vector<u8> data(4096);
    for (const unsigned opcode : {0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0a, 0x0c}) {
        put<u32>(data, 4 * std::size_t{opcode}, kSupported);
    }
    for (const Opcode opcode : {Opcode::flush, Opcode::read, Opcode::compare}) {
        put<u32>(data, 1024 + 4 * static_cast<std::size_t>(opcode), kSupported);
    }
    for (const Opcode opcode : {Opcode::write, Opcode::write_zeroes, Opcode::dataset_management}) {
        put<u32>(data, 1024 + 4 * static_cast<std::size_t>(opcode), kSupported | kChangesContent);
    }
    return data;
}

}  // namespace

/// 5.15.2.2.
std::vector<u8> Controller::identify_controller() const {
    std::vector<u8> data(kIdentifySize);
    const std::span<u8> bytes = data;
    put<u16>(bytes, 0, options_.vendor);
    put<u16>(bytes, 2, options_.subsystem_vendor);
    put_text(bytes.subspan(4, 20), options_.serial);
    put_text(bytes.subspan(24, 40), kModel);
    put_text(bytes.subspan(64, 8), kFirmware);
    bytes[72] = 6;  // RAB: commands that are best fetched at once, as a power of two
    bytes[77] = options_.transfer_exponent;
    put<u32>(bytes, 80, kVersion14);
    put<u32>(bytes, 92, kNamespaceNotices);  // OAES
    bytes[111] = 1;                          // CNTRLTYPE: for input and output
    bytes[258] = 3;                          // ACL, from 0
    bytes[259] = options_.event_request_limit;
    bytes[260] = 1 | 1 << 1;       // FRMW: one slot, which cannot be written
    bytes[261] = 1 << 1 | 1 << 2;  // LPA: effects of commands, logs in parts
    bytes[262] = kErrorEntries - 1;
    put<u16>(bytes, 266, kWarningTemperature);
    put<u16>(bytes, 268, kCriticalTemperature);
    bytes[512] = kSubmissionEntryBits << 4 | kSubmissionEntryBits;
    bytes[513] = kCompletionEntryBits << 4 | kCompletionEntryBits;
    put<u32>(bytes, 516, kMaxNamespaces);
    // ONCS: Compare, Dataset Management, Write Zeroes.
    put<u16>(bytes, 520, 1 << 0 | 1 << 2 | 1 << 3);
    bytes[525] = 1 | 2 << 1;  // VWC: there may be one; Flush is for one namespace
    put<u32>(bytes, 536, 1);  // SGLS: of any alignment
    const std::string name = "nqn.2019-08.org.qemu:" + options_.serial;
    std::ranges::copy(name, bytes.begin() + 768);
    put<u16>(bytes, 2048, 2500);  // the one power state: 25 W at most
    return data;
}

std::vector<u8> Controller::active_list(u32 after) const {
    std::vector<u8> data(kIdentifySize);
    std::size_t at = 0;
    for (auto next = spaces_.upper_bound(after); next != spaces_.end() && at < data.size(); ++next) {
        put<u32>(data, at, next->first);
        at += 4;
    }
    return data;
}

/// 5.14.1.1: the last comes first.
std::vector<u8> Controller::error_log() const {
    std::vector<u8> data(kErrorEntries * kErrorEntrySize);
    std::size_t at = 0;
    for (auto entry = errors_.rbegin(); entry != errors_.rend(); ++entry) {
        const std::span<u8> bytes = std::span(data).subspan(at, kErrorEntrySize);
        put<u64>(bytes, 0, entry->count);
        put<u16>(bytes, 8, entry->queue);
        put<u16>(bytes, 10, entry->command);
        put<u16>(bytes, 12, static_cast<u16>(entry->status << 1));
        put<u16>(bytes, 14, 0xffff);  // no place in the command is blamed
        put<u64>(bytes, 16, entry->block);
        put<u32>(bytes, 24, entry->space);
        at += kErrorEntrySize;
    }
    return data;
}

bool Controller::is_out_of_temperature() const {
    return kTemperature >= features_.temperature_over || kTemperature <= features_.temperature_under;
}

/// 5.14.1.2.
std::vector<u8> Controller::health_log() const {
    constexpr u64 kUnit = 1000;  // sectors
    std::vector<u8> data(kHealthSize);
    const bool read_only = !spaces_.empty() && std::ranges::all_of(spaces_, [](const auto& each) {
        return each.second->disk().read_only();
    });
    data[0] = static_cast<u8>((is_out_of_temperature() ? 1 << 1 : 0) | (read_only ? 1 << 3 : 0));
    put<u16>(data, 1, kTemperature);
    data[3] = 100;  // per cent of the spare blocks
    data[4] = 10;
    put<u64>(data, 32, (statistics_.sectors_read + kUnit - 1) / kUnit);
    put<u64>(data, 48, (statistics_.sectors_written + kUnit - 1) / kUnit);
    put<u64>(data, 64, statistics_.reads);
    put<u64>(data, 80, statistics_.writes);
    put<u64>(data, 160, statistics_.media_errors);
    put<u64>(data, 176, statistics_.errors);
    return data;
}

std::vector<u8> Controller::changed_list() const {
    std::vector<u8> data(kMaxChanged * sizeof(u32));
    std::size_t at = 0;
    for (const u32 space : changed_) {
        put<u32>(data, at, space);
        at += sizeof(u32);
    }
    return data;
}

std::optional<std::vector<u8>> Controller::log_page(u8 page) const {
    switch (page) {
        case kErrorPage:
            return error_log();
        case kHealthPage:
            return health_log();
        case kFirmwarePage:
            return firmware_log();
        case kChangedPage:
            return changed_list();
        case kEffectsPage:
            return effects_log();
        default:
            return std::nullopt;
    }
}

void Controller::page_read(u8 page) {
    if (page == kChangedPage) {
        changed_.clear();
    }
    if (const auto type = event_type_of(page)) {
        masked_events_ &= ~(u32{1} << *type);
        send_events();
    }
}

/// The same event need not be told twice, which bounds how many wait.
void Controller::report(const Event& event) {
    if (std::ranges::find(events_, event) == events_.end()) {
        events_.push_back(event);
        send_events();
    }
}

/// 5.2: an event's type is quiet until its log page was read.
void Controller::send_events() {
    for (;;) {
        const auto next =
            std::ranges::find_if(events_, [this](const Event& event) { return !bit(masked_events_, event.type); });
        if (next == events_.end() || event_requests_.empty() || !running_) {
            return;
        }
        const Event event = *next;
        const u16 command = event_requests_.front();
        events_.erase(next);
        event_requests_.erase(event_requests_.begin());
        masked_events_ |= u32{1} << event.type;
        ++submissions_[0]->in_flight;
        post(*completions_[0], {.result = u32{event.type} | u32{event.information} << 8 | u32{event.log_page} << 16,
                                .submission_head = static_cast<u16>(submissions_[0]->head),
                                .submission_queue = 0,
                                .command = command,
                                .status = Status::success});
    }
}

void Controller::note_error(const Request& request, Status status) {
    if (errors_.size() == kErrorEntries) {
        errors_.erase(errors_.begin());
    }
    errors_.push_back({.count = ++statistics_.errors,
                       .queue = request.queue,
                       .command = request.command.id(),
                       .status = static_cast<u16>(status),
                       .block = request.queue == 0 ? 0 : request.command.first_block(),
                       .space = request.command.namespace_id()});
}

void Controller::note_change(u32 space) {
    if (running_ && (features_.events & kNamespaceNotices) != 0) {
        changed_.insert(space);
        report({.type = kNoticeType, .information = 0, .log_page = kChangedPage});
    }
}

}  // namespace kelvin::device::nvme
