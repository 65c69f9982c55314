// SPDX-License-Identifier: Apache-2.0
#include "backend/net/packet_capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace kelvin::backend {

namespace {

/// At the beginning of the file (draft-ietf-opsawg-pcap, section 4).
struct FileHeader {
    u32 magic = 0xa1b2c3d4;  // times in microseconds, this host's byte order
    u16 major = 2;
    u16 minor = 4;
    u32 reserved[2] = {};
    u32 longest = 0;
    u32 link_type = 1;  // Ethernet
};
static_assert(sizeof(FileHeader) == 24);

/// In front of each frame (section 5).
struct FrameHeader {
    u32 seconds = 0;
    u32 microseconds = 0;
    u32 kept = 0;
    u32 length = 0;
};
static_assert(sizeof(FrameHeader) == 16);

}  // namespace

Result<std::unique_ptr<PacketCapture>> PacketCapture::create(const std::string& path, u32 longest, NetworkPort& port) {
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    FileHeader header;
    header.longest = longest;
    if (!file || ::write(file.get(), &header, sizeof header) != sizeof header) {
        return host_error(fmt::format("cannot write frames to '{}'", path), errno);
    }
    return std::unique_ptr<PacketCapture>(new PacketCapture(std::move(file), longest, port));
}

PacketCapture::~PacketCapture() {
    if (receiver_ != nullptr) {
        port_.set_receiver(nullptr);
    }
}

void PacketCapture::set_receiver(NetworkReceiver* receiver) {
    receiver_ = receiver;
    port_.set_receiver(receiver == nullptr ? nullptr : this);
}

void PacketCapture::send(std::span<const iovec> frame, const FrameOffload& offload) {
    record(frame);
    port_.send(frame, offload);
}

bool PacketCapture::receive(std::span<const iovec> frame, const FrameOffload& offload) {
    if (!receiver_->receive(frame, offload)) {
        return false;
    }
    record(frame);
    return true;
}

void PacketCapture::link_changed(bool up) {
    receiver_->link_changed(up);
}

void PacketCapture::record(std::span<const iovec> frame) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    FrameHeader header{static_cast<u32>(now.tv_sec), static_cast<u32>(now.tv_nsec / 1000), 0, 0};
    std::vector<iovec> pieces = {{&header, sizeof header}};
    for (const iovec& piece : frame) {
        const std::size_t kept = std::min<std::size_t>(piece.iov_len, longest_ - header.kept);
        header.length += static_cast<u32>(piece.iov_len);
        header.kept += static_cast<u32>(kept);
        pieces.push_back({piece.iov_base, kept});
    }
    // A frame that has no room on the disk ends the capture: the file stays one that readers take.
    const ssize_t size = static_cast<ssize_t>(sizeof header + header.kept);
    if (file_ && ::writev(file_.get(), pieces.data(), static_cast<int>(pieces.size())) != size) {
        file_.reset();
    }
}

}  // namespace kelvin::backend
