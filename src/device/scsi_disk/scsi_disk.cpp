// SPDX-License-Identifier: Apache-2.0
#include "device/scsi_disk/scsi_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>

#include "base/bits.h"
#include "device/scsi_disk/scsi_bytes.h"

namespace kelvin::device {

using backend::BlockRequest;
using bus::scsi::Sense;
namespace sense = bus::scsi::sense;

namespace {

// Operation codes.
enum : u8 {
    kTestUnitReady = 0x00,
    kRequestSense = 0x03,
    kRead6 = 0x08,
    kWrite6 = 0x0a,
    kInquiry = 0x12,
    kModeSense6 = 0x1a,
    kStartStop = 0x1b,
    kPreventRemoval = 0x1e,
    kReadCapacity10 = 0x25,
    kRead10 = 0x28,
    kWrite10 = 0x2a,
    kWriteAndVerify10 = 0x2e,
    kVerify10 = 0x2f,
    kSynchronize10 = 0x35,
    kWriteSame10 = 0x41,
    kUnmap = 0x42,
    kGetEventStatus = 0x4a,
    kModeSense10 = 0x5a,
    kRead16 = 0x88,
    kWrite16 = 0x8a,
    kWriteAndVerify16 = 0x8e,
    kVerify16 = 0x8f,
    kSynchronize16 = 0x91,
    kWriteSame16 = 0x93,
    kServiceActionIn16 = 0x9e,
    kRead12 = 0xa8,
};
constexpr u8 kReadCapacity16 = 0x10;  // a service action

/// No initiator moves more at once; more would let one guest hold the host's queue for seconds.
constexpr u64 kMaxTransfer = u64{128} << 20;
/// A gigabyte: what a host clears in one call without being gone for long.
constexpr u64 kMaxClear = u64{1} << 30;

}  // namespace

/// A command that waits for the disk.
struct ScsiDisk::Transfer {
    ScsiDisk* disk = nullptr;
    Request* request = nullptr;
    std::vector<iovec> pieces;
    BlockRequest block;
    std::vector<BlockRange> ranges;  // of UNMAP, those that are left
};

template <ScsiDisk::Kind kKind>
Result<backend::BlockDevice*> ScsiDiskOf<kKind>::claim(const Options& options, const bus::Surroundings& surroundings) {
    // A CD drive without one is empty.
    if (options.drive.empty() && kKind == Kind::disk) {
        return user_error("it has no drive", "add drive=ID, with -drive if=none,id=ID,file=FILE");
    }
    for (const u32 size : {options.logical_block_size, options.physical_block_size}) {
        if (!std::has_single_bit(size) || size < 512 || size > 32768) {
            return user_error(fmt::format("block size {} is not a power of two from 512 to 32768", size));
        }
    }
    return surroundings.backends.claim_block(options.drive);
}

template class ScsiDiskOf<ScsiDisk::Kind::disk>;
template class ScsiDiskOf<ScsiDisk::Kind::cd>;

ScsiDisk::ScsiDisk(Kind kind, const Options& options, backend::BlockDevice& disk)
    : LogicalUnit({options.channel, options.scsi_id, options.lun}),
      kind_(kind),
      options_(options),
      disk_(disk),
      block_size_(options.logical_block_size),
      cached_(options.write_cache == state::OnOffAuto::automatic ? disk.limits().write_cache
                                                                 : options.write_cache == state::OnOffAuto::on) {
    disk_.set_size_handler([](void* unit) { static_cast<ScsiDisk*>(unit)->attention_ = sense::kCapacityChanged; },
                           this);
    disk_.set_error_policy(options.on_error);
    if (is_cd()) {
        disk_.set_tray(this);
    }
}

ScsiDisk::~ScsiDisk() {
    disk_.set_tray(nullptr);
    disk_.set_size_handler(nullptr, nullptr);
    disk_.drain();
}

void ScsiDisk::reset() {
    attention_ = sense::kPowerOn;
    tray_locked_ = false;
    if (tray_open_) {
        move_tray(false);  // as drives do when they are switched on
    }
    media_event_ = MediaEvent::none;
}

bool ScsiDisk::in_range(u64 block, u64 blocks) const {
    return block <= block_count() && blocks <= block_count() - block;
}

/// What does not fail for news, which it may be asked about.
bool ScsiDisk::tells_by_itself(u8 code) const {
    return code == kInquiry || code == kRequestSense || (is_cd() && code == kGetEventStatus);
}

void ScsiDisk::execute(Request& request) {
    const auto cdb = request.cdb();
    const auto be = [&](std::size_t at, unsigned size) { return load_big_endian(cdb.subspan(at, size)); };
    if (attention_ != sense::kNone && !tells_by_itself(cdb[0])) {
        // SAM-5, 5.14: told once.
        return request.fail(std::exchange(attention_, sense::kNone));
    }
    if (is_cd() && execute_cd(request)) {
        return;
    }
    const bool durable = (cdb[1] & 0x08) != 0;  // FUA
    switch (cdb[0]) {
        case kTestUnitReady:
        case kPreventRemoval:
            return request.succeed();
        case kStartStop:
            // LOEJ: there is no tray.
            return (cdb[4] & 2) != 0 ? request.fail(sense::kInvalidField) : request.succeed();
        case kRequestSense:
            return request.answer(std::exchange(attention_, sense::kNone).fixed(), cdb[4]);
        case kInquiry:
            return inquiry(request);
        case kModeSense6:
            return mode_sense(request, false);
        case kModeSense10:
            return mode_sense(request, true);
        case kReadCapacity10:
            return read_capacity(request, false);
        case kServiceActionIn16:
            return read_capacity(request, true);
        case kRead6:
        case kWrite6:
            return move(request, cdb[0] == kWrite6, be(1, 3) & 0x1fffff, cdb[4] == 0 ? 256 : cdb[4], false);
        case kRead10:
        case kWrite10:
        case kWriteAndVerify10:
            return move(request, cdb[0] != kRead10, be(2, 4), be(7, 2), durable);
        case kRead16:
        case kWrite16:
        case kWriteAndVerify16:
            return move(request, cdb[0] != kRead16, be(2, 8), be(10, 4), durable);
        case kVerify10:
            return verify(request, be(2, 4), be(7, 2));
        case kVerify16:
            return verify(request, be(2, 8), be(10, 4));
        case kSynchronize10:
        case kSynchronize16:
            return flush(request);
        case kWriteSame10:
            return write_same(request, be(2, 4), be(7, 2));
        case kWriteSame16:
            return write_same(request, be(2, 8), be(10, 4));
        case kRead12:
            return move(request, false, be(2, 4), be(6, 4), durable);
        case kUnmap:
            return unmap(request);
        default:
            return request.fail(sense::kInvalidCommand);  // MODE SELECT too: nothing can be changed
    }
}

ScsiDisk::Transfer& ScsiDisk::take_transfer(Request& request) {
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

void ScsiDisk::begin(Transfer& transfer) {
    transfer.block.context = &transfer;
    transfer.block.done = [](BlockRequest& block, int error) {
        auto& done = *static_cast<Transfer*>(block.context);
        done.disk->finish(done, error);
    };
    disk_.submit(transfer.block);
}

void ScsiDisk::finish(Transfer& transfer, int error) {
    if (error == 0 && !transfer.ranges.empty()) {
        const BlockRange next = transfer.ranges.back();
        transfer.ranges.pop_back();
        transfer.block = {.kind = BlockRequest::Kind::discard,
                          .offset = next.block * block_size_,
                          .length = next.blocks * block_size_};
        return begin(transfer);
    }
    idle_.push_back(&transfer);
    Request& request = *transfer.request;
    if (error == 0) {
        return request.succeed(transfer.block.segments.empty() ? 0 : transfer.block.length);
    }
    const bool is_read = transfer.block.kind == BlockRequest::Kind::read;
    request.fail(error == ENOSPC      ? sense::kSpaceExhausted
                 : error == EROFS     ? sense::kWriteProtected
                 : error == ENOMEDIUM ? sense::kNoMedium
                 : is_read            ? sense::kReadError
                                      : sense::kWriteError);
}

void ScsiDisk::move(Request& request, bool is_write, u64 block, u64 blocks, bool durable) {
    if (is_write && disk_.read_only()) {
        return request.fail(sense::kWriteProtected);
    }
    if (!in_range(block, blocks)) {
        return request.fail(sense::kOutOfRange);
    }
    const u64 bytes = blocks * block_size_;
    if (bytes == 0) {
        return request.succeed();
    }
    Transfer& transfer = take_transfer(request);
    const bool found = bytes <= kMaxTransfer && (is_write ? request.out_pieces(bytes, transfer.pieces)
                                                          : request.in_pieces(bytes, transfer.pieces));
    if (!found) {
        idle_.push_back(&transfer);
        return request.fail(sense::kInvalidField);
    }
    transfer.block = {.kind = is_write ? BlockRequest::Kind::write : BlockRequest::Kind::read,
                      .force_unit_access = is_write && (durable || !cached_),
                      .offset = block * block_size_,
                      .length = bytes,
                      .segments = transfer.pieces};
    begin(transfer);
}

/// Zeroes only, which is what initiators use it for (SBC-3, 5.45).
void ScsiDisk::write_same(Request& request, u64 block, u64 blocks) {
    constexpr u8 kNoData = 0x01;
    constexpr u8 kUnmapBit = 0x08;
    const u8 flags = request.cdb()[1];
    std::vector<u8> pattern(block_size_);
    const bool given = (flags & kNoData) != 0 || request.read_out(0, pattern);
    if (disk_.read_only()) {
        return request.fail(sense::kWriteProtected);
    }
    if (!given || !std::ranges::all_of(pattern, [](u8 byte) { return byte == 0; }) ||
        blocks * block_size_ > kMaxClear) {
        return request.fail(sense::kInvalidField);
    }
    // SBC-3: no blocks means to the end.
    const u64 count = blocks == 0 && block <= block_count() ? block_count() - block : blocks;
    if (!in_range(block, count) || count * block_size_ > kMaxClear) {
        return request.fail(sense::kOutOfRange);
    }
    Transfer& transfer = take_transfer(request);
    transfer.block = {.kind = BlockRequest::Kind::write_zeroes,
                      .may_unmap = (flags & kUnmapBit) != 0,
                      .force_unit_access = !cached_,
                      .offset = block * block_size_,
                      .length = count * block_size_};
    begin(transfer);
}

void ScsiDisk::unmap(Request& request) {
    constexpr u64 kHeader = 8;
    constexpr u64 kDescriptor = 16;
    constexpr u64 kMaxDescriptors = 256;  // what the block limits page says
    std::array<u8, kHeader> header{};
    if (disk_.read_only()) {
        return request.fail(sense::kWriteProtected);
    }
    if (!request.read_out(0, header)) {
        return request.succeed();
    }
    const u64 length = load_big_endian(std::span(header).subspan(2, 2));
    if (length % kDescriptor != 0 || length / kDescriptor > kMaxDescriptors || request.out_size() < kHeader + length) {
        return request.fail(sense::kInvalidField);
    }
    Transfer& transfer = take_transfer(request);
    u64 blocks = 0;
    for (u64 at = kHeader; at < kHeader + length; at += kDescriptor) {
        std::array<u8, kDescriptor> bytes{};
        KELVIN_ASSERT(request.read_out(at, bytes));
        const BlockRange range{load_big_endian(std::span(bytes).first(8)),
                               load_big_endian(std::span(bytes).subspan(8, 4))};
        if (!in_range(range.block, range.blocks)) {
            idle_.push_back(&transfer);
            return request.fail(sense::kOutOfRange);
        }
        blocks += range.blocks;
        // SBC-3, 5.28.1: more than the block limits page allows. The whole disk, again and again, would keep whoever
        // waits for the disk waiting.
        if (blocks > kMaxClear / block_size_) {
            idle_.push_back(&transfer);
            return request.fail(sense::kInvalidParameter);
        }
        if (range.blocks != 0) {
            transfer.ranges.push_back(range);
        }
    }
    transfer.block = {.kind = BlockRequest::Kind::flush};
    finish(transfer, 0);
}

void ScsiDisk::flush(Request& request) {
    Transfer& transfer = take_transfer(request);
    transfer.block = {.kind = BlockRequest::Kind::flush};
    begin(transfer);
}

void ScsiDisk::verify(Request& request, u64 block, u64 blocks) {
    return in_range(block, blocks) ? request.succeed() : request.fail(sense::kOutOfRange);
}

void ScsiDisk::read_capacity(Request& request, bool is_long) {
    const u64 last = block_count() == 0 ? 0 : block_count() - 1;
    if (!is_long) {
        constexpr u64 kMax = std::numeric_limits<u32>::max();
        std::vector<u8> data;
        append_big_endian(data, std::min(last, kMax), 4);
        append_big_endian(data, block_size_, 4);
        return request.answer(data, data.size());
    }
    if ((request.cdb()[1] & 0x1f) != kReadCapacity16) {
        return request.fail(sense::kInvalidField);
    }
    std::vector<u8> data;
    append_big_endian(data, last, 8);
    append_big_endian(data, block_size_, 4);
    const u32 ratio = std::max(options_.physical_block_size / block_size_, 1U);
    data.push_back(0);
    data.push_back(static_cast<u8>(std::countr_zero(ratio)));
    // LBPME: blocks can be given back; LBPRZ: they read as zeroes then.
    append_big_endian(data, disk_.limits().discards && !disk_.read_only() ? 0xc000 : 0, 2);
    data.resize(32);
    request.answer(data, load_big_endian(request.cdb().subspan(10, 4)));
}

}  // namespace kelvin::device
