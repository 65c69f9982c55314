// SPDX-License-Identifier: Apache-2.0
#include "device/ata_drive/ata_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/assert.h"
#include "base/bits.h"
#include "device/ata_drive/identify.h"
#include "state/saved_state.h"

namespace kelvin::device {

using ata::Command;
using ata::Operation;
using backend::BlockRequest;
using bus::ata::kSectorSize;
using bus::ata::Plan;
using bus::ata::Protocol;
namespace error = bus::ata::error;
namespace device_bit = bus::ata::device_bit;

namespace {

constexpr u8 kMaxMultiple = 16;
constexpr u64 kLogSize = 512;
/// A gigabyte: what a host clears in one call without being gone for long. A command that gives back the whole disk,
/// again and again, would keep whoever waits for the disk waiting.
constexpr u64 kMaxTrimSectors = u64{1} << 21;
/// What IDENTIFY DEVICE says, of 512 bytes with 64 ranges each.
constexpr u64 kMaxTrimBlocks = 8;

/// SET FEATURES (7.45).
enum Feature : u8 {
    kEnableCache = 0x02,
    kSetTransferMode = 0x03,
    kKeepSettings = 0x66,
    kDisableLookAhead = 0x55,
    kDisableCache = 0x82,
    kEnableLookAhead = 0xaa,
    kRevertSettings = 0xcc,
};

}  // namespace

/// A command that waits for the disk.
struct AtaDisk::Transfer {
    AtaDisk* disk = nullptr;
    Request* request = nullptr;
    std::vector<iovec> pieces;
    BlockRequest block;
    std::vector<Range> ranges;  // of DATA SET MANAGEMENT, those that are left, the first at the end
};

Result<std::unique_ptr<AtaDisk>> AtaDisk::create(const Options& options, const bus::Surroundings& surroundings) {
    if (options.drive.empty()) {
        return user_error("it has no drive", "add drive=ID, with -drive if=none,id=ID,file=FILE");
    }
    KELVIN_TRY(options.check());
    backend::BlockDevice* const disk = KELVIN_TRY(surroundings.backends.claim_block(options.drive));
    return std::make_unique<AtaDisk>(options, *disk);
}

AtaDisk::AtaDisk(const Options& options, backend::BlockDevice& disk)
    : Unit(options.unit), options_(options), disk_(disk), state_(initial()) {
    disk_.set_error_policy(options.on_error);
}

AtaDisk::~AtaDisk() {
    disk_.drain();
}

AtaDisk::State AtaDisk::initial() const {
    State state;
    state.cached = options_.write_cache == state::OnOffAuto::automatic ? disk_.limits().write_cache
                                                                       : options_.write_cache == state::OnOffAuto::on;
    return state;
}

void AtaDisk::reset() {
    state_ = initial();
}

bus::ata::Registers AtaDisk::signature() const {
    return {.count = 1, .lba = 1, .status = bus::ata::status::kIdle, .error = 1};
}

u64 AtaDisk::sectors_of(const Command& command, const Registers& registers) const {
    const u64 count = is_queued(command.protocol) ? registers.features : registers.count;
    const u64 most = command.is_wide ? 65536 : 256;
    return count % most == 0 ? most : count % most;
}

u64 AtaDisk::address_of(const Command& command, const Registers& registers) const {
    if (command.is_wide) {
        return registers.lba & low_mask(48);
    }
    if ((registers.device & device_bit::kLba) != 0) {
        return u64{registers.device & 0xfU} << 24 | (registers.lba & low_mask(24));
    }
    // ATA-5, 6.2: sectors count from 1; sector 0 is beyond any disk's end.
    const u64 sector = registers.lba & 0xff;
    const u64 cylinder = registers.lba >> 8 & 0xffff;
    const u64 track = cylinder * state_.heads + (registers.device & 0xfU);
    return sector == 0 ? ~u64{0} : track * state_.sectors + sector - 1;
}

std::optional<AtaDisk::Range> AtaDisk::range_of(const Command& command, const Registers& registers) const {
    const Range range{address_of(command, registers), sectors_of(command, registers)};
    const bool fits = range.sector <= sector_count() && range.sectors <= sector_count() - range.sector;
    return fits ? std::optional(range) : std::nullopt;
}

bool AtaDisk::can_execute(const Command& command, const Registers& registers) const {
    if ((is_queued(command.protocol) && !connection_.is_serial) || (command.is_multiple && state_.multiple == 0)) {
        return false;
    }
    switch (command.operation) {
        case Operation::write:
        case Operation::write_through:
            return !disk_.read_only() && range_of(command, registers);
        case Operation::read:
            return range_of(command, registers).has_value();
        case Operation::trim:
            return discards() && (registers.features & 1) != 0 && registers.count != 0 &&
                   registers.count <= kMaxTrimBlocks;
        case Operation::read_log:
            return log_page(static_cast<u8>(registers.lba), sectors_of(command, registers)).has_value();
        default:
            return true;
    }
}

Plan AtaDisk::plan(const Registers& registers) const {
    const Command* const command = ata::find_command(registers.command);
    if (command == nullptr || !can_execute(*command, registers)) {
        return {};
    }
    Plan plan{command->protocol, 0, kSectorSize};
    if (plan.protocol != Protocol::none) {
        plan.bytes =
            command->operation == Operation::identify ? kSectorSize : sectors_of(*command, registers) * kSectorSize;
        plan.block = command->is_multiple ? state_.multiple * kSectorSize : kSectorSize;
    }
    return plan;
}

void AtaDisk::execute(Request& request) {
    const Command* const command = ata::find_command(request.registers.command);
    if (command == nullptr) {
        return request.refuse(error::kAborted);
    }
    switch (command->operation) {
        case Operation::read:
        case Operation::write:
        case Operation::write_through:
            return move(request, *command);
        case Operation::verify:
            return range_of(*command, request.registers) ? request.finish() : request.refuse(error::kIdNotFound);
        case Operation::flush:
            return flush(request);
        case Operation::trim:
            return can_execute(*command, request.registers) ? trim(request) : request.refuse(error::kAborted);
        case Operation::read_log: {
            const auto page = log_page(static_cast<u8>(request.registers.lba), sectors_of(*command, request.registers));
            return page ? answer(request, *page) : request.refuse(error::kAborted);
        }
        case Operation::identify:
            return answer(request, identify());
        case Operation::set_features:
            return set_features(request);
        case Operation::set_multiple: {
            const u8 count = static_cast<u8>(request.registers.count);
            if (count > kMaxMultiple || (count & (count - 1)) != 0) {
                return request.refuse(error::kAborted);
            }
            state_.multiple = count;
            return request.finish();
        }
        case Operation::set_geometry:
            return set_geometry(request);
        case Operation::check_power:
            request.registers.count = 0xff;  // active or idle
            return request.finish();
        case Operation::nothing:
            return request.finish();
    }
}

AtaDisk::Transfer& AtaDisk::take_transfer(Request& request) {
    if (idle_.empty()) {
        transfers_.push_back(std::make_unique<Transfer>());
        transfers_.back()->disk = this;
        idle_.push_back(transfers_.back().get());
    }
    Transfer& transfer = *idle_.back();
    idle_.pop_back();
    transfer.request = &request;
    transfer.pieces.clear();
    transfer.ranges.clear();
    return transfer;
}

void AtaDisk::begin(Transfer& transfer) {
    transfer.block.context = &transfer;
    transfer.block.done = [](BlockRequest& block, int error) {
        auto& done = *static_cast<Transfer*>(block.context);
        done.disk->finish(done, error);
    };
    disk_.submit(transfer.block);
}

void AtaDisk::finish(Transfer& transfer, int error) {
    if (error == 0 && !transfer.ranges.empty()) {
        const Range next = transfer.ranges.back();
        transfer.ranges.pop_back();
        transfer.block = {.kind = BlockRequest::Kind::discard,
                          .offset = next.sector * kSectorSize,
                          .length = next.sectors * kSectorSize};
        return begin(transfer);
    }
    idle_.push_back(&transfer);
    Request& request = *transfer.request;
    if (error == 0) {
        return request.finish(transfer.block.segments.empty() ? request.data.size() : transfer.block.length);
    }
    fail(request, transfer.block.kind == BlockRequest::Kind::read ? error::kUncorrectable : error::kAborted);
}

void AtaDisk::fail(Request& request, u8 error) {
    const Command* const command = ata::find_command(request.registers.command);
    if (command != nullptr && is_queued(command->protocol)) {
        request.registers.status = bus::ata::status::kIdle | bus::ata::status::kError;
        request.registers.error = error;
        note_queue_error(request.registers);
    }
    request.refuse(error);
}

void AtaDisk::move(Request& request, const Command& command) {
    if (!can_execute(command, request.registers)) {
        return fail(request, range_of(command, request.registers) ? error::kAborted : error::kIdNotFound);
    }
    const Range range = *range_of(command, request.registers);
    const u64 bytes = range.sectors * kSectorSize;
    const bool is_write = command.operation != Operation::read;
    const bool through =
        command.operation == Operation::write_through || !state_.cached ||
        (is_queued(command.protocol) && (request.registers.device & device_bit::kForceUnitAccess) != 0);
    Transfer& transfer = take_transfer(request);
    if (!request.data.pieces(bytes, transfer.pieces)) {
        idle_.push_back(&transfer);
        return fail(request, error::kAborted);
    }
    transfer.block = {.kind = is_write ? BlockRequest::Kind::write : BlockRequest::Kind::read,
                      .force_unit_access = is_write && through,
                      .offset = range.sector * kSectorSize,
                      .length = bytes,
                      .segments = transfer.pieces};
    begin(transfer);
}

void AtaDisk::flush(Request& request) {
    Transfer& transfer = take_transfer(request);
    transfer.block = {.kind = BlockRequest::Kind::flush};
    begin(transfer);
}

/// 7.5: ranges of 8 bytes, an address of 48 bits and a length of 16.
void AtaDisk::trim(Request& request) {
    Transfer& transfer = take_transfer(request);
    std::array<u8, kSectorSize> block;
    u64 sectors = 0;
    bool sound = request.data.size() >= request.registers.count * kSectorSize;
    for (u64 at = 0; sound && at < request.registers.count * kSectorSize; at += sizeof(u64)) {
        if (at % kSectorSize == 0) {
            KELVIN_ASSERT(request.data.read(at, block));
        }
        u64 entry = 0;
        std::memcpy(&entry, &block[at % kSectorSize], sizeof entry);
        const Range range{bits(entry, 47, 0), bits(entry, 63, 48)};
        sectors += range.sectors;
        sound =
            range.sectors == 0 || (range.sector <= sector_count() && range.sectors <= sector_count() - range.sector);
        if (sound && range.sectors != 0) {
            transfer.ranges.push_back(range);
        }
    }
    if (!sound || sectors > kMaxTrimSectors) {
        idle_.push_back(&transfer);
        return request.refuse(sound ? error::kAborted : error::kIdNotFound);
    }
    std::ranges::reverse(transfer.ranges);
    transfer.block = {.kind = BlockRequest::Kind::discard};
    finish(transfer, 0);
}

void AtaDisk::answer(Request& request, std::span<const u8> data) {
    return request.data.write(0, data) ? request.finish(data.size()) : request.refuse(error::kAborted);
}

void AtaDisk::set_features(Request& request) {
    switch (request.registers.features & 0xff) {
        case kEnableCache:
            state_.cached = true;
            return request.finish();
        case kDisableCache:
            // 7.45.3: what is in the cache is written first.
            state_.cached = false;
            return flush(request);
        case kSetTransferMode:
            return set_transfer_mode(static_cast<u8>(request.registers.count)) ? request.finish()
                                                                               : request.refuse(error::kAborted);
        case kKeepSettings:
        case kDisableLookAhead:
        case kEnableLookAhead:
        case kRevertSettings:
            return request.finish();
        default:
            return request.refuse(error::kAborted);
    }
}

/// It is a register only.
bool AtaDisk::set_transfer_mode(u8 mode) {
    if (ata::is_dma_mode(mode) && ata::is_transfer_mode(mode)) {
        state_.transfer_mode = mode;
    }
    return ata::is_transfer_mode(mode);
}

void AtaDisk::set_geometry(Request& request) {
    const u8 sectors = static_cast<u8>(request.registers.count);
    if (sectors == 0) {
        return request.refuse(error::kAborted);
    }
    state_.sectors = sectors;
    state_.heads = static_cast<u8>((request.registers.device & 0xf) + 1);
    request.finish();
}

/// A.17 (Queued Error Log): which command, and the registers of its end.
void AtaDisk::note_queue_error(const Registers& registers) {
    std::vector<u8> log(kLogSize);
    log[0] = static_cast<u8>(registers.count >> 3 & 0x1f);
    log[2] = registers.status;
    log[3] = registers.error;
    for (unsigned i = 0; i < 3; ++i) {
        log[4 + i] = static_cast<u8>(registers.lba >> (8 * i));
        log[8 + i] = static_cast<u8>(registers.lba >> (24 + 8 * i));
    }
    log[7] = registers.device;
    log[12] = static_cast<u8>(registers.count);
    log[13] = static_cast<u8>(registers.count >> 8);
    u8 sum = 0;
    for (const u8 byte : log) {
        sum = static_cast<u8>(sum + byte);
    }
    log.back() = static_cast<u8>(-sum);
    state_.queue_error = std::move(log);
}

Result<> AtaDisk::State::check() const {
    const bool sound = multiple <= kMaxMultiple && (multiple & (multiple - 1)) == 0 && heads >= 1 && heads <= 16 &&
                       sectors != 0 && (queue_error.empty() || queue_error.size() == kLogSize) &&
                       ata::is_transfer_mode(transfer_mode) && ata::is_dma_mode(transfer_mode);
    return sound ? ok() : Result<>(user_error("these settings are none that a disk can have"));
}

Result<state::Json> AtaDisk::save() {
    KELVIN_TRY(backend::check_savable(disk_));
    return state::save_state(state_);
}

Result<> AtaDisk::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    state_ = std::move(saved);
    return ok();
}

}  // namespace kelvin::device
