// SPDX-License-Identifier: Apache-2.0
#include "backend/display/vnc_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <rfb/rfb.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>

#include "backend/display/keysyms.h"
#include "backend/display/vnc_listener.h"

namespace kelvin::backend {

namespace {

constexpr i64 kFrameNs = 33'000'000;
constexpr int kPatienceMs = 5;            // of a wait for clients while there are some
constexpr int kIdlePatienceMs = 100;      // and while there are none
constexpr int kClientPatienceMs = 2000;   // one that takes nothing for so long is sent away
constexpr std::size_t kMostClients = 32;  // each has a copy of what it has seen: they would take the host's memory
constexpr int kBytesPerPixel = 4;
constexpr unsigned kButtons = 3;
constexpr int kWheelUp = 8;
constexpr int kWheelDown = 16;

i64 now_ns() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Server final : public VncServer {
  public:
    Server(const VncOptions& options, Draw draw, Input& input)
        : options_(options), draw_(std::move(draw)), input_(input) {}
    ~Server() override;
    Result<> start();

    void set_password(std::string password) override;
    void set_expiry(std::optional<i64> seconds) override;
    VncOptions options() const override { return options_; }
    std::vector<Client> clients() const override;

  private:
    static Server& of(rfbClientPtr client) { return *static_cast<Server*>(client->screen->screenData); }
    static rfbBool check_password(rfbClientPtr client, const char* response, int length);
    static void key(rfbBool down, rfbKeySym symbol, rfbClientPtr client);
    static void pointer(int buttons, int x, int y, rfbClientPtr client);
    static rfbNewClientAction arrived(rfbClientPtr client);
    static void gone(rfbClientPtr client);

    void serve();
    void accept(int listener);
    void refresh();
    void resize();
    void set_format();
    void send_changes();

    VncOptions options_;
    const Draw draw_;
    Input& input_;
    std::vector<VncListener> listeners_;
    std::atomic<bool> stops_ = false;
    std::thread thread_;

    // The server's thread:
    rfbScreenInfoPtr screen_ = nullptr;
    Picture picture_;         // as it is now
    std::vector<u32> shown_;  // as clients are told
    i64 next_frame_ns_ = 0;
    int buttons_ = 0;              // that are down
    char* no_password_ = nullptr;  // a list that is not null is what the library wants

    mutable std::mutex lock_;  // guards what follows; innermost
    std::optional<std::string> password_;
    std::optional<i64> expiry_;
    std::vector<std::pair<const void*, Client>> clients_;
};

Server::~Server() {
    stops_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
    if (screen_ != nullptr) {
        rfbShutdownServer(screen_, TRUE);
        screen_->frameBuffer = nullptr;
        rfbScreenCleanup(screen_);
    }
}

Result<> Server::start() {
    listeners_ = KELVIN_TRY(listen_for_vnc(options_));
    rfbLogEnable(FALSE);
    picture_.resize(640, 480);
    shown_ = picture_.pixels;
    screen_ = rfbGetScreen(nullptr, nullptr, static_cast<int>(picture_.width), static_cast<int>(picture_.height), 8, 3,
                           kBytesPerPixel);
    if (screen_ == nullptr) {
        return Error{ErrorKind::host, "the VNC server cannot be made", ""};
    }
    screen_->frameBuffer = reinterpret_cast<char*>(shown_.data());
    set_format();
    screen_->screenData = this;
    screen_->desktopName = "Kelvin";
    screen_->port = 0;  // sockets are this class's
    screen_->ipv6port = 0;
    screen_->autoPort = FALSE;
    screen_->alwaysShared = TRUE;
    screen_->permitFileTransfer = FALSE;
    screen_->maxClientWait = kClientPatienceMs;
    screen_->cursor = nullptr;
    screen_->kbdAddEvent = &Server::key;
    screen_->ptrAddEvent = &Server::pointer;
    screen_->newClientHook = &Server::arrived;
    if (options_.password) {
        screen_->authPasswdData = &no_password_;
        screen_->passwordCheck = &Server::check_password;
    }
    rfbInitServer(screen_);
    thread_ = std::thread([this] { serve(); });
    return ok();
}

void Server::set_password(std::string password) {
    const std::lock_guard lock(lock_);
    password_ = std::move(password);
}

void Server::set_expiry(std::optional<i64> seconds) {
    const std::lock_guard lock(lock_);
    expiry_ = seconds;
}

/// RFC 6143, 7.2.2: the challenge, encrypted with the password. Without one nobody is let in.
rfbBool Server::check_password(rfbClientPtr client, const char* response, int length) {
    Server& server = of(client);
    std::string password;
    {
        const std::lock_guard lock(server.lock_);
        const bool expired = server.expiry_ && ::time(nullptr) >= *server.expiry_;
        if (!server.password_ || server.password_->empty() || expired) {
            return FALSE;
        }
        password = *server.password_;
    }
    u8 expected[CHALLENGESIZE];
    std::memcpy(expected, client->authChallenge, CHALLENGESIZE);
    rfbEncryptBytes(expected, password.data());
    return length == CHALLENGESIZE && std::memcmp(expected, response, CHALLENGESIZE) == 0 ? TRUE : FALSE;
}

void Server::key(rfbBool down, rfbKeySym symbol, rfbClientPtr client) {
    if (const auto code = key_of_symbol(symbol)) {
        of(client).input_.key(*code, down != FALSE);
        of(client).input_.end_of_frame();
    }
}

void Server::pointer(int buttons, int x, int y, rfbClientPtr client) {
    Server& server = of(client);
    const auto place = [](int at, int size) {
        const i64 last = std::max(size - 1, 1);
        return static_cast<u16>(std::clamp<i64>(at, 0, last) * InputReceiver::kFarthest / last);
    };
    const int width = client->screen->width;
    const int height = client->screen->height;
    server.input_.place(place(x, width), place(y, height), static_cast<u32>(width), static_cast<u32>(height));
    constexpr Button kNames[kButtons] = {Button::left, Button::middle, Button::right};
    const int changed = buttons ^ server.buttons_;
    for (unsigned number = 0; number < kButtons; ++number) {
        if ((changed >> number & 1) != 0) {
            server.input_.button(kNames[number], (buttons >> number & 1) != 0);
        }
    }
    if ((changed & buttons & (kWheelUp | kWheelDown)) != 0) {
        server.input_.turn((buttons & kWheelDown) != 0 ? 1 : -1);
    }
    server.buttons_ = buttons;
    server.input_.end_of_frame();
    rfbDefaultPtrAddEvent(buttons, x, y, client);
}

rfbNewClientAction Server::arrived(rfbClientPtr client) {
    Server& server = of(client);
    client->clientGoneHook = &Server::gone;
    server.next_frame_ns_ = 0;
    return RFB_CLIENT_ACCEPT;
}

void Server::gone(rfbClientPtr client) {
    Server& server = of(client);
    const std::lock_guard lock(server.lock_);
    std::erase_if(server.clients_, [&](const auto& each) { return each.first == client; });
}

std::vector<VncServer::Client> Server::clients() const {
    const std::lock_guard lock(lock_);
    std::vector<Client> all;
    std::ranges::transform(clients_, std::back_inserter(all), [](const auto& each) { return each.second; });
    return all;
}

void Server::serve() {
    while (!stops_) {
        std::vector<pollfd> polled;
        for (const VncListener& listener : listeners_) {
            polled.push_back({listener.fd(), POLLIN, 0});
        }
        ::poll(polled.data(), polled.size(), screen_->clientHead != nullptr ? 0 : kIdlePatienceMs);
        for (const pollfd& each : polled) {
            if ((each.revents & POLLIN) != 0) {
                accept(each.fd);
            }
        }
        if (screen_->clientHead == nullptr) {
            continue;
        }
        rfbProcessEvents(screen_, kPatienceMs * 1000);
        if (const i64 now = now_ns(); now >= next_frame_ns_) {
            next_frame_ns_ = now + kFrameNs;
            refresh();
        }
    }
}

void Server::accept(int listener) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int socket =
        ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) {
        return;
    }
    bool room = false;
    {
        const std::lock_guard lock(lock_);
        room = clients_.size() < kMostClients;
    }
    // The library waits with select(), whose sets end there: a guest's many connections must not lead it beyond.
    if (!room || socket >= FD_SETSIZE) {
        ::close(socket);
        return;
    }
    // It may be gone when this returns: the handshake of a websocket is in it.
    rfbClientPtr const client = rfbNewClient(screen_, socket);
    if (client == nullptr || client->sock == RFB_INVALID_SOCKET) {
        return;
    }
    const std::lock_guard lock(lock_);
    clients_.emplace_back(client, describe_peer(address, length));
}

void Server::refresh() {
    draw_(picture_);
    if (static_cast<int>(picture_.width) != screen_->width || static_cast<int>(picture_.height) != screen_->height) {
        resize();
    } else {
        send_changes();
    }
}

void Server::resize() {
    std::vector<u32> before = std::move(shown_);
    shown_ = picture_.pixels;
    rfbNewFramebuffer(screen_, reinterpret_cast<char*>(shown_.data()), static_cast<int>(picture_.width),
                      static_cast<int>(picture_.height), 8, 3, kBytesPerPixel);
    set_format();
}

/// As pictures have their pixels. The library thinks otherwise of each new frame buffer, and clients' pixels are made
/// from what it thinks.
void Server::set_format() {
    screen_->serverFormat.redShift = 16;
    screen_->serverFormat.greenShift = 8;
    screen_->serverFormat.blueShift = 0;
    rfbClientIteratorPtr const all = rfbGetClientIterator(screen_);
    while (rfbClientPtr const client = rfbClientIteratorNext(all)) {
        screen_->setTranslateFunction(client);
    }
    rfbReleaseClientIterator(all);
}

/// Row by row, what lies between the first and the last pixel that differ.
void Server::send_changes() {
    const std::size_t width = picture_.width;
    for (std::size_t y = 0; y < picture_.height; ++y) {
        const auto now = picture_.pixels.begin() + static_cast<std::ptrdiff_t>(y * width);
        const auto end = now + static_cast<std::ptrdiff_t>(width);
        const auto before = shown_.begin() + static_cast<std::ptrdiff_t>(y * width);
        const auto first = std::mismatch(now, end, before).first;
        if (first == end) {
            continue;
        }
        auto last = end;
        while (*(last - 1) == before[last - 1 - now]) {
            --last;
        }
        std::copy(first, last, before + (first - now));
        rfbMarkRectAsModified(screen_, static_cast<int>(first - now), static_cast<int>(y), static_cast<int>(last - now),
                              static_cast<int>(y) + 1);
    }
}

}  // namespace

Result<std::unique_ptr<VncServer>> VncServer::open(const VncOptions& options, Draw draw, Input& input) {
    auto server = std::make_unique<Server>(options, std::move(draw), input);
    KELVIN_TRY(server->start());
    return std::unique_ptr<VncServer>(std::move(server));
}

}  // namespace kelvin::backend
