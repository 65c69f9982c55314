// SPDX-License-Identifier: Apache-2.0
// The far end of a line is whoever sends datagrams to a port and takes them at another.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace kelvin::backend {

struct UdpOptions {
    std::string host = "localhost";
    std::string port;
    std::string local_address;
    std::string local_port;  ///< empty: any

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("host", host, "where datagrams go to");
        visit("port", port, "its port");
        visit("localaddr", local_address, "the address at which they come");
        visit("localport", local_port, "its port");
    }
};

/// What is written at once is a datagram; one that cannot be sent is lost. Input is only as fast as the receiver takes
/// it, and the host drops what comes meanwhile.
class UdpBackend final : public CharacterBackend, private PollSource {
  public:
    static Result<std::unique_ptr<UdpBackend>> open(const UdpOptions& options, EventLoop& loop);
    ~UdpBackend() override;
    UdpBackend(const UdpBackend&) = delete;
    UdpBackend& operator=(const UdpBackend&) = delete;

    void write(std::span<const u8> bytes) override;
    void set_receiver(CharacterReceiver* receiver) override;
    void accept_input() override;
    std::string describe() const override { return description_; }

  private:
    UdpBackend(Fd socket, std::string description, EventLoop& loop);
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;

    const Fd socket_;
    const std::string description_;
    EventLoop& loop_;
    std::vector<u8> held_;  // of a datagram, what the receiver has had no space for; of the loop's thread

    std::mutex receiver_mutex_;  // held while the receiver is called
    CharacterReceiver* receiver_ = nullptr;
};

}  // namespace kelvin::backend
