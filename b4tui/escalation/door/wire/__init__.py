"""The APIs of cloud providers: a chat to the body of a request, the bytes of an answer to events. Pure."""
