// SPDX-License-Identifier: Apache-2.0
// What a disk says of itself: INQUIRY, vital product data, mode pages.
#include <fmt/format.h>

#include "device/scsi_disk/scsi_bytes.h"
#include "device/scsi_disk/scsi_disk.h"
#include "state/saved_state.h"

namespace kelvin::device {

namespace sense = bus::scsi::sense;

namespace {

// Vital product data (SPC-4, 7.8; SBC-3, 6.5).
constexpr u8 kSupportedPages = 0x00;
constexpr u8 kSerialPage = 0x80;
constexpr u8 kIdentificationPage = 0x83;
constexpr u8 kBlockLimitsPage = 0xb0;
constexpr u8 kCharacteristicsPage = 0xb1;
constexpr u8 kProvisioningPage = 0xb2;

constexpr u8 kCachingPage = 0x08;
constexpr u8 kErrorRecoveryPage = 0x01;  // of CD drives, as the next
constexpr u8 kCapabilitiesPage = 0x2a;
constexpr u8 kAllPages = 0x3f;
constexpr u64 kMaxClear = u64{1} << 30;
constexpr u32 kMaxUnmapDescriptors = 255;

}  // namespace

void ScsiDisk::inquiry(Request& request) {
    const auto cdb = request.cdb();
    const u64 allocation = load_big_endian(cdb.subspan(3, 2));
    const u8 type = is_cd() ? 0x05 : 0x00;
    if ((cdb[1] & 1) != 0) {
        const std::vector<u8> page = vital_page(cdb[2]);
        return page.empty() ? request.fail(sense::kInvalidField) : request.answer(page, allocation);
    }
    if (cdb[2] != 0) {
        return request.fail(sense::kInvalidField);
    }
    std::vector<u8> data = {type, static_cast<u8>(is_cd() || options_.removable ? 0x80 : 0), 5, 2, 31, 0, 0, 0x02};
    append_text(data, options_.vendor, 8);
    append_text(data, !options_.product.empty() ? options_.product : is_cd() ? "QEMU CD-ROM" : "QEMU HARDDISK", 16);
    append_text(data, options_.ver, 4);
    request.answer(data, allocation);
}

std::vector<u8> ScsiDisk::identification_page() const {
    std::vector<u8> data;
    const std::string& id = options_.device_id.empty() ? serial() : options_.device_id;
    if (!id.empty()) {
        // ASCII, vendor-specific, of the logical unit.
        data.insert(data.end(), {0x02, 0x00, 0x00, static_cast<u8>(std::min<std::size_t>(id.size(), 255))});
        append_text(data, id, std::min<std::size_t>(id.size(), 255));
    }
    if (options_.wwn != 0) {
        data.insert(data.end(), {0x01, 0x03, 0x00, 0x08});  // binary, NAA
        append_big_endian(data, options_.wwn, 8);
    }
    return data;
}

std::vector<u8> ScsiDisk::limits_page() const {
    std::vector<u8> data = {1, 0, 0, 0};  // WSNZ: WRITE SAME wants a number of blocks
    data.resize(16);
    const bool discards = disk_.limits().discards && !disk_.read_only();
    append_big_endian(data, discards ? kMaxClear / block_size_ : 0, 4);
    append_big_endian(data, discards ? kMaxUnmapDescriptors : 0, 4);
    append_big_endian(data, discards ? std::max(disk_.limits().discard_granularity / block_size_, 1U) : 0, 4);
    data.resize(32);
    append_big_endian(data, kMaxClear / block_size_, 8);
    data.resize(60);
    return data;
}

std::vector<u8> ScsiDisk::supported_pages() const {
    std::vector<u8> pages;
    append_big_endian(pages, kSupportedPages, 1);
    if (!serial().empty()) {
        pages.push_back(kSerialPage);
    }
    pages.push_back(kIdentificationPage);
    if (!is_cd()) {
        for (const u8 page : {kBlockLimitsPage, kCharacteristicsPage, kProvisioningPage}) {
            pages.push_back(page);
        }
    }
    return pages;
}

/// None: there is no such page.
std::optional<std::vector<u8>> ScsiDisk::vital_page_content(u8 page) const {
    std::vector<u8> data;
    const bool only_disks = page == kBlockLimitsPage || page == kCharacteristicsPage || page == kProvisioningPage;
    if (only_disks && is_cd()) {
        return std::nullopt;
    }
    switch (page) {
        case kSupportedPages:
            return supported_pages();
        case kSerialPage:
            append_text(data, serial(), std::min<std::size_t>(serial().size(), 36));
            return serial().empty() ? std::nullopt : std::optional(data);
        case kIdentificationPage:
            return identification_page();
        case kBlockLimitsPage:
            return limits_page();
        case kCharacteristicsPage:
            append_big_endian(data, options_.rotation_rate, 2);
            data.resize(60);
            return data;
        case kProvisioningPage: {
            const bool discards = disk_.limits().discards && !disk_.read_only();
            // LBPU, LBPWS, LBPWS10, LBPRZ; thin, or all there.
            append_big_endian(data, discards ? 0x00e40200 : 0x00000100, 4);
            return data;
        }
        default:
            return std::nullopt;
    }
}

/// Empty: there is no such page.
std::vector<u8> ScsiDisk::vital_page(u8 page) const {
    std::vector<u8> whole;
    if (const auto content = vital_page_content(page)) {
        append_big_endian(whole, is_cd() ? 0x05 : 0x00, 1);
        append_big_endian(whole, page, 1);
        append_big_endian(whole, content->size(), 2);
        whole.insert(whole.end(), content->begin(), content->end());
    }
    return whole;
}

/// `control`: 0 the current values, 1 which can be changed, 2 the defaults (SPC-4, 6.13).
void ScsiDisk::append_mode_pages(std::vector<u8>& data, u8 page, u8 control) const {
    if (!is_cd() && (page == kCachingPage || page == kAllPages)) {
        std::vector<u8> caching(20);
        caching[0] = kCachingPage;
        caching[1] = 18;
        caching[2] = control != 1 && cached_ ? 0x04 : 0;  // WCE
        data.insert(data.end(), caching.begin(), caching.end());
    }
    if (is_cd() && (page == kErrorRecoveryPage || page == kAllPages)) {
        data.insert(data.end(), {kErrorRecoveryPage, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    }
    if (is_cd() && (page == kCapabilitiesPage || page == kAllPages)) {
        std::vector<u8> capabilities(22);
        capabilities[0] = kCapabilitiesPage;
        capabilities[1] = 20;
        if (control != 1) {
            capabilities[2] = 0x3b;                                               // reads CD-R, CD-RW, DVD-ROM, DVD-R
            capabilities[6] = static_cast<u8>(0x29 | (tray_locked_ ? 0x02 : 0));  // a tray that opens and locks
        }
        data.insert(data.end(), capabilities.begin(), capabilities.end());
    }
}

void ScsiDisk::mode_sense(Request& request, bool is_long) {
    const auto cdb = request.cdb();
    const u8 page = cdb[2] & 0x3f;
    const u8 control = cdb[2] >> 6;
    const u64 allocation = is_long ? load_big_endian(cdb.subspan(7, 2)) : cdb[4];
    const bool descriptor = (cdb[1] & 0x08) == 0 && !is_cd();
    std::vector<u8> pages;
    append_mode_pages(pages, page, control);
    if (control == 3 || (pages.empty() && page != kAllPages)) {
        return request.fail(sense::kInvalidField);
    }
    std::vector<u8> body;
    if (descriptor) {
        append_big_endian(body, std::min<u64>(block_count(), 0xffffff), 4);
        append_big_endian(body, block_size_, 4);
    }
    const u8 specific = static_cast<u8>((disk_.read_only() ? 0x80 : 0) | (is_cd() ? 0 : 0x10));  // WP, DPOFUA
    const std::size_t header = is_long ? 8 : 4;
    std::vector<u8> data;
    append_big_endian(data, header + body.size() + pages.size() - (is_long ? 2 : 1), is_long ? 2 : 1);
    data.insert(data.end(), {0, specific});
    if (is_long) {
        data.insert(data.end(), {0, 0});
    }
    append_big_endian(data, body.size(), is_long ? 2 : 1);
    data.insert(data.end(), body.begin(), body.end());
    data.insert(data.end(), pages.begin(), pages.end());
    request.answer(data, allocation);
}

Result<state::Json> ScsiDisk::save() {
    KELVIN_TRY(backend::check_savable(disk_));
    State saved{attention_.key, attention_.code, attention_.qualifier,
                tray_open_,     tray_locked_,    static_cast<u8>(media_event_)};
    return state::save_state(saved);
}

Result<> ScsiDisk::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    const bus::scsi::Sense attention{saved.key, saved.code, saved.qualifier};
    if (attention != sense::kNone && attention != sense::kPowerOn && attention != sense::kCapacityChanged &&
        (attention != sense::kMediumMayHaveChanged || !is_cd())) {
        return user_error(fmt::format(": sense {:x}/{:02x}/{:02x} is nothing that a disk reports by itself", saved.key,
                                      saved.code, saved.qualifier));
    }
    if (saved.media_event > static_cast<u8>(MediaEvent::media_removal) ||
        (!is_cd() && (saved.tray_open || saved.tray_locked || saved.media_event != 0))) {
        return user_error(": this is nothing that the tray can be at");
    }
    attention_ = attention;
    tray_locked_ = saved.tray_locked;
    media_event_ = static_cast<MediaEvent>(saved.media_event);
    if (saved.tray_open != tray_open_) {
        move_tray(saved.tray_open);
    }
    return ok();
}

}  // namespace kelvin::device
