"""Requests for metadata, by which meta-estimators of scikit-learn know what to pass on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

#: Methods that can be given metadata.
METHODS = ("fit", "partial_fit", "predict", "predict_proba", "decision_function", "score", "transform")


def names_of(kind: type, method: str) -> list[str]:
    """The keywords of a method beside X and y."""
    function = getattr(kind, method, None)
    if function is None:
        return []
    passed = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return [known.name for known in parameters if known.kind in passed and known.name not in ("X", "y")]


def _setter(method: str) -> Callable[..., Any]:
    def setter(self: Any, **requests: bool | str | None) -> Any:
        from sklearn import get_config

        if not get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                f"set_{method}_request: expected metadata routing to be enabled, found it disabled; call "
                "sklearn.set_config(enable_metadata_routing=True)"
            )
        known = names_of(type(self), method)
        for name in requests:
            if name not in known:
                wanted = ", ".join(known) or "none, since the method takes no metadata"
                raise TypeError(f"set_{method}_request: expected one of {wanted}, found {name}")
        routing = self.get_metadata_routing()
        for name, alias in requests.items():
            getattr(routing, method).add_request(param=name, alias=alias)
        # The name that scikit-learn's `clone` copies.
        self._metadata_request = routing
        return self

    setter.__name__ = setter.__qualname__ = f"set_{method}_request"
    setter.__doc__ = f"""Sets which metadata meta-estimators of scikit-learn pass on to `{method}`.

        Parameters
        ----------
        **requests : bool, str or None
            For each keyword of `{method}`: True passes it on, False does not, None raises an error if it is given, and a text
            is the name under which it is given.

        Returns
        -------
        self

        Raises
        ------
        RuntimeError
            Metadata routing is not enabled in scikit-learn.
        TypeError
            The method has no such keyword.
        """
    return setter


class Requests:
    """Requests for metadata of each method."""

    set_fit_request = _setter("fit")
    set_partial_fit_request = _setter("partial_fit")
    set_predict_request = _setter("predict")
    set_predict_proba_request = _setter("predict_proba")
    set_decision_function_request = _setter("decision_function")
    set_score_request = _setter("score")
    set_transform_request = _setter("transform")

    def get_metadata_routing(self) -> Any:
        """Returns the requests for metadata, for meta-estimators of scikit-learn.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRequest
        """
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        own = self.__dict__.get("_metadata_request")
        if own is not None:
            return get_routing_for_object(own)
        routing = MetadataRequest(owner=self)
        for method in METHODS:
            for name in names_of(type(self), method):
                getattr(routing, method).add_request(param=name, alias=None)
        return routing
