// SPDX-License-Identifier: Apache-2.0
// What only CD drives do (MMC-6): a medium that comes and goes, and what is on it.
#include <algorithm>

#include "device/scsi_disk/scsi_bytes.h"
#include "device/scsi_disk/scsi_disk.h"

namespace kelvin::device {

namespace sense = bus::scsi::sense;

namespace {

enum : u8 {
    kTestUnitReady = 0x00,
    kStartStop = 0x1b,
    kPreventRemoval = 0x1e,
    kReadCapacity = 0x25,
    kRead10 = 0x28,
    kSeek = 0x2b,
    kReadToc = 0x43,
    kGetConfiguration = 0x46,
    kGetEventStatus = 0x4a,
    kReadDiscInformation = 0x51,
    kReadTrackInformation = 0x52,
    kRead12 = 0xa8,
    kSetSpeed = 0xbb,
    kMechanismStatus = 0xbd,
    kReadCd = 0xbe,
};

/// 80 minutes of 60 seconds of 75 frames: what is larger is a DVD.
constexpr u64 kCdBlocks = u64{80} * 60 * 75;
constexpr u16 kCdProfile = 0x0008;
constexpr u16 kDvdProfile = 0x0010;

}  // namespace

/// None: the command does not want a medium, or there is one.
std::optional<bus::scsi::Sense> ScsiDisk::missing_medium(u8 code) const {
    static constexpr u8 kWanting[] = {kTestUnitReady,       kReadCapacity,         kRead10, kSeek,   kReadToc, 0x08,
                                      kReadDiscInformation, kReadTrackInformation, kRead12, kReadCd, 0x88,     0x9e};
    if (std::ranges::find(kWanting, code) == std::end(kWanting)) {
        return std::nullopt;
    }
    return tray_open_           ? std::optional(sense::kNoMediumTrayOpen)
           : disk_.has_medium() ? std::nullopt
                                : std::optional(sense::kNoMedium);
}

/// False: it is one that disks know, too.
bool ScsiDisk::execute_cd(Request& request) {
    const auto cdb = request.cdb();
    if (const auto missing = missing_medium(cdb[0])) {
        request.fail(*missing);
        return true;
    }
    switch (cdb[0]) {
        case kStartStop:
            start_stop(request);
            return true;
        case kPreventRemoval:
            prevent_removal(request);
            return true;
        case kSeek:
            in_range(load_big_endian(cdb.subspan(2, 4)), 0) ? request.succeed() : request.fail(sense::kOutOfRange);
            return true;
        case kReadToc:
            read_toc(request);
            return true;
        case kGetConfiguration:
            get_configuration(request);
            return true;
        case kGetEventStatus:
            get_event_status(request);
            return true;
        case kReadDiscInformation:
            read_disc_information(request);
            return true;
        case kReadTrackInformation:
            read_track_information(request);
            return true;
        case kSetSpeed:
            request.succeed();
            return true;
        case kMechanismStatus:
            // 6.9: idle, with one slot, whose door may be open.
            request.answer(std::array<u8, 8>{0, static_cast<u8>(tray_open_ ? 0x10 : 0), 0, 0, 0, 0, 0, 0},
                           load_big_endian(cdb.subspan(8, 2)));
            return true;
        case kReadCd:
            read_cd(request);
            return true;
        default:
            return false;
    }
}

/// 6.42: LOEJ with START closes the tray, without it opens it.
void ScsiDisk::start_stop(Request& request) {
    const u8 flags = request.cdb()[4];
    const bool loads = (flags & 1) != 0;
    if ((flags & 2) == 0 || (flags & 0xf0) != 0 || tray_open_ == !loads) {
        return request.succeed();
    }
    if (!loads && tray_locked_) {
        return request.fail(sense::kRemovalPrevented);
    }
    move_tray(!loads);
    if (loads) {
        medium_changed();
    }
    request.succeed();
}

void ScsiDisk::prevent_removal(Request& request) {
    tray_locked_ = (request.cdb()[4] & 1) != 0;
    request.succeed();
}

void ScsiDisk::move_tray(bool open) {
    tray_open_ = open;
    disk_.tray_moved(open);
}

void ScsiDisk::move(bool open) {
    if (tray_open_ == open) {
        return;
    }
    if (open) {
        disk_.drain();
        tray_locked_ = false;
    }
    move_tray(open);
    medium_changed();
}

/// One that has come is told of as attention, too (SPC-4, 5.14).
void ScsiDisk::medium_changed() {
    const bool is_there = !tray_open_ && disk_.has_medium();
    media_event_ = is_there ? MediaEvent::new_media : MediaEvent::media_removal;
    if (is_there) {
        attention_ = sense::kMediumMayHaveChanged;
    }
}

/// One track of data, from the beginning to the end (6.25).
void ScsiDisk::read_toc(Request& request) {
    const auto cdb = request.cdb();
    const bool minutes = (cdb[1] & 0x02) != 0;
    const u8 format = cdb[2] & 0x0f;
    const u64 allocation = load_big_endian(cdb.subspan(7, 2));
    std::vector<u8> data;
    const auto address = [&](u64 block) {
        if (!minutes) {
            return append_big_endian(data, block, 4);
        }
        const u64 frames = block + 150;
        data.insert(data.end(), {0, static_cast<u8>(frames / 75 / 60), static_cast<u8>(frames / 75 % 60),
                                 static_cast<u8>(frames % 75)});
    };
    if (format == 0) {
        data = {0, 18, 1, 1, 0, 0x14, 1, 0};
        address(0);
        data.insert(data.end(), {0, 0x16, 0xaa, 0});
        address(block_count());
    } else if (format == 1) {
        data = {0, 10, 1, 1, 0, 0x14, 1, 0};
        address(0);
    } else {
        return request.fail(sense::kInvalidField);
    }
    request.answer(data, allocation);
}

/// 6.5: profiles, the core and a medium that can be removed. A CD is told from a DVD by its size.
void ScsiDisk::get_configuration(Request& request) {
    const auto cdb = request.cdb();
    const u64 first = load_big_endian(cdb.subspan(2, 2));
    const unsigned kind = cdb[1] & 3U;
    const bool is_there = !tray_open_ && disk_.has_medium();
    const bool is_dvd = block_count() > kCdBlocks;
    if (kind == 3) {
        return request.fail(sense::kInvalidField);
    }
    std::vector<u8> features;
    const auto add = [&](u64 number, std::initializer_list<u8> content) {
        if (kind == 2 ? number == first : number >= first) {
            append_big_endian(features, number, 2);
            std::ranges::copy(content, std::back_inserter(features));
        }
    };
    const auto current = [&](bool dvd) { return static_cast<u8>(is_there && is_dvd == dvd ? 1 : 0); };
    add(0, {0x03, 8, 0, kDvdProfile, current(true), 0, 0, kCdProfile, current(false), 0});
    add(1, {0x0b, 8, 0, 0, 0, 1, 0, 0, 0, 0});  // version 2; it is SCSI's
    add(3, {0x07, 4, 0x29, 0, 0, 0});           // a tray that opens and locks
    std::vector<u8> data;
    append_big_endian(data, features.size() + 4, 4);
    append_big_endian(data, 0, 2);
    append_big_endian(data, !is_there ? 0 : is_dvd ? kDvdProfile : kCdProfile, 2);
    data.insert(data.end(), features.begin(), features.end());
    request.answer(data, load_big_endian(cdb.subspan(7, 2)));
}

/// 6.6: of the medium only, and when the host asks.
void ScsiDisk::get_event_status(Request& request) {
    const auto cdb = request.cdb();
    constexpr u8 kMediaClass = 0x10;
    if ((cdb[1] & 1) == 0) {
        return request.fail(sense::kInvalidField);
    }
    const u64 allocation = load_big_endian(cdb.subspan(7, 2));
    if ((cdb[4] & kMediaClass) == 0) {
        return request.answer(std::array<u8, 4>{0, 2, 0x80, kMediaClass}, allocation);
    }
    const u8 presence = static_cast<u8>((tray_open_ ? 1 : 0) | (!tray_open_ && disk_.has_medium() ? 2 : 0));
    const u8 event = static_cast<u8>(std::exchange(media_event_, MediaEvent::none));
    request.answer(std::array<u8, 8>{0, 6, 4, kMediaClass, event, presence, 0, 0}, allocation);
}

/// 6.21: one session with one track, and nothing can be added.
void ScsiDisk::read_disc_information(Request& request) {
    const auto cdb = request.cdb();
    if ((cdb[1] & 7) != 0) {
        return request.fail(sense::kInvalidField);
    }
    std::array<u8, 34> data{0, 32, 0x0e, 1, 1, 1, 1, 0x20};
    request.answer(data, load_big_endian(cdb.subspan(7, 2)));
}

/// 6.26: of the one track, by whatever it is named.
void ScsiDisk::read_track_information(Request& request) {
    const auto cdb = request.cdb();
    std::vector<u8> data = {0, 34, 1, 1, 0, 0x04, 0x01, 0};
    append_big_endian(data, 0, 4);
    data.resize(24);
    append_big_endian(data, block_count(), 4);
    data.resize(36);
    request.answer(data, load_big_endian(cdb.subspan(7, 2)));
}

/// 6.19: the user's data of each sector, or nothing.
void ScsiDisk::read_cd(Request& request) {
    const auto cdb = request.cdb();
    constexpr u8 kUserData = 0x10;
    const u8 fields = cdb[9] & 0xf8;
    if ((fields != 0 && fields != kUserData) || (cdb[10] & 7) != 0) {
        return request.fail(sense::kInvalidField);
    }
    const u64 blocks = load_big_endian(cdb.subspan(6, 3));
    move(request, false, load_big_endian(cdb.subspan(2, 4)), fields == 0 ? 0 : blocks, false);
}

}  // namespace kelvin::device
