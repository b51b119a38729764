"""A service with Django REST framework, in one file."""

import os
from wsgiref.simple_server import make_server

from django.conf import settings
from handstamp_follower import Follower

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["handstamp_follower.rest_framework.HandstampAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "UNAUTHENTICATED_USER": None,
    },
    HANDSTAMP_FOLLOWER=lambda: Follower(os.environ["ISSUER"], "billing", os.environ["SECRET"]),
)

from django.core.wsgi import get_wsgi_application
from django.urls import path

application = get_wsgi_application()

from rest_framework.decorators import api_view
from rest_framework.response import Response

@api_view(["GET"])
def hello(request):
    return Response({"message": f"Hello, {request.user.username}!"})

urlpatterns = [path("hello", hello)]
server = make_server("127.0.0.1", 0, application)
print(f"Running on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
